"""Open generators of other projects, and write folders with a model card for sharing."""

from gan.interop.generators import (
    Opened,
    find_generator,
    generators_in,
    in_words,
    open_generator,
)
from gan.interop.hub import check_kind, fetch, is_address, push, write_model
from gan.interop.mixtures import StyleChoice, style_names, with_style

__all__ = [
    "Opened",
    "StyleChoice",
    "check_kind",
    "fetch",
    "find_generator",
    "generators_in",
    "in_words",
    "is_address",
    "open_generator",
    "push",
    "style_names",
    "with_style",
    "write_model",
]
