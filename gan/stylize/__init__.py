"""Neural style transfer by optimization: a photograph painted after paintings."""

from gan.system.lazy import lazy

__getattr__ = lazy(__name__, command="stylize", options="StylizeOptions")
