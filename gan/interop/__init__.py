"""Other people's weights: opened whatever they are called, written as the reference names them.

And folders of ours for other people, with a model card, on the Hub or off it.
"""

from gan.interop.folders import find_generator, generators_in
from gan.interop.generators import Opened, open_generator
from gan.interop.hub import fetch, push, write_model
from gan.interop.writing import reference_options, write_reference

__all__ = [
    "Opened",
    "fetch",
    "find_generator",
    "generators_in",
    "open_generator",
    "push",
    "reference_options",
    "write_model",
    "write_reference",
]
