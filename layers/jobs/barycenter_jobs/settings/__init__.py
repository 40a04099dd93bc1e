"""What the environment says, a module for each who asks. Nothing outside `bootstrap` reads it."""
