"""Other people's weights: opened whatever they are called, written as the reference names them."""

from gan.interop.generators import Opened, open_generator
from gan.interop.writing import reference_options, write_reference

__all__ = ["Opened", "open_generator", "reference_options", "write_reference"]
