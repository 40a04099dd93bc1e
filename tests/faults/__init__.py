"""The promises, each with something that tries to break it."""
