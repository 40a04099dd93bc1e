"""Where the playground's vendored files come from. Only maintainers need this, and npm."""
