"""The HTTP API behind API Gateway and the local stack: which path is served by what."""
