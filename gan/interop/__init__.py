"""Other people's weights: opened whatever they are called.

And folders of ours for other people, with a model card, on the Hub or off it.
"""

from gan.interop.generators import (
    Opened,
    find_generator,
    generators_in,
    in_words,
    open_generator,
)
from gan.interop.hub import fetch, push, write_model

__all__ = [
    "Opened",
    "fetch",
    "find_generator",
    "generators_in",
    "in_words",
    "open_generator",
    "push",
    "write_model",
]
