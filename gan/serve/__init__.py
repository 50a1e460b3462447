"""A page to try generators on, and an HTTP API with the same limits."""
