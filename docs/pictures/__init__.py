"""The pictures of the documentation, and what makes those of the command line."""
