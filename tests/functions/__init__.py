"""Each function, loaded from its folder as Lambda does, and called with the sample events."""
