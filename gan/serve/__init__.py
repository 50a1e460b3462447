"""A web page to try generators, and an HTTP API with the same limits."""
