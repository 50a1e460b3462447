"""The two-folder layout out of what people have: `gan prepare`."""

from gan.preparation.entry import prepare
from gan.preparation.settings import PrepareConfig

__all__ = ["PrepareConfig", "prepare"]
