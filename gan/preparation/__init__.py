"""The two-folder layout out of what people have: `gan prepare`."""

from gan.system.lazy import lazy

__getattr__ = lazy(__name__, command="prepare", options="PrepareOptions")
