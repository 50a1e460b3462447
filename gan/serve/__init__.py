"""A page to try generators on, and an HTTP API with the same limits."""

from gan.serve.entry import serve

__all__ = ["serve"]
