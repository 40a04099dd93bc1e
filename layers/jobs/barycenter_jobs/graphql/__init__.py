"""The GraphQL API: one schema, resolved for AppSync and served over HTTP."""
