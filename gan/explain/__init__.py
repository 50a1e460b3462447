"""A look inside a model: one sheet about what its networks do with a picture."""

from gan.system.lazy import lazy

__getattr__ = lazy(__name__, command="explain", options="ExplainOptions")
