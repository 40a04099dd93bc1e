"""The examples in the documentation, executed."""
