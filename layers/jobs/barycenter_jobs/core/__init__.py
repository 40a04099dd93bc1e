"""Values and rules: no AWS, no clock, no environment. `now` is an argument."""
