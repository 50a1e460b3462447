"""Explain a model on one picture: its feature maps, scores and stability on one sheet."""

from gan.system.lazy import lazy

__getattr__ = lazy(__name__, command="explain", options="ExplainOptions")
