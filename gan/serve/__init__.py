"""A page to try generators on, and an HTTP API with the same limits."""

from gan.system.lazy import lazy

__getattr__ = lazy(__name__, command="serve", options="ServeOptions")
