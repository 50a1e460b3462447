"""Neural style transfer by optimization: paint a photograph in the style of paintings."""

from gan.system.lazy import lazy

__getattr__ = lazy(__name__, command="stylize", options="StylizeOptions")
