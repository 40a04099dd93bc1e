"""The measurements themselves: facts, never times."""
