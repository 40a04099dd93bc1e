"""The API: one schema, served by AppSync and over HTTP, with the same answers."""
