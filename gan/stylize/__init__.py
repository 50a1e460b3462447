"""Neural style transfer by optimization: a photograph painted after paintings."""

from gan.stylize.entry import stylize
from gan.stylize.settings import StylizeConfig

__all__ = ["StylizeConfig", "stylize"]
