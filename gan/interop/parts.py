"""Which tensors of a file belong to one network, and its direction."""

import re
from collections.abc import Mapping

from torch import Tensor

from gan.domains import Direction

State = dict[str, Tensor]

NETWORK = re.compile(r"(?:(?P<part>.+?)\.)??(?P<inner>(?:(?:encoder|decoder)\.)?model\..+|\d+\..+)")
"""A name: a network's, if any, and that of a tensor inside of it, which begins with `model` or,
for a bare Sequential, with a number."""
DIRECTION_NAMES: dict[str, Direction] = {
    "a": "ab", "ab": "ab", "a2b": "ab", "b": "ba", "ba": "ba", "b2a": "ba",
}  # fmt: skip
DIRECTION_NAME = re.compile(r"(?:net_?)?(?:g|gen|generator)_?(a|b|ab|ba|a2b|b2a)|(ab|ba|a2b|b2a)")


def split_parts(tensors: Mapping[str, Tensor]) -> dict[str, State]:
    """Return the tensors of each network by its name, empty where the file holds one alone.

    Names inside of a network begin with `model.`. Tensors of other forms are skipped.
    """
    parts: dict[str, State] = {}
    for name, tensor in tensors.items():
        if match := NETWORK.fullmatch(name):
            inner = match["inner"]
            inner = f"model.{inner}" if inner[0].isdigit() else inner
            parts.setdefault(match["part"] or "", {})[inner] = tensor
    return parts


def direction_from_name(name: str) -> Direction | None:
    """Return the direction in a network's name: G_A, netG_AB, gen_ab and generator_A2B are ab.

    The reference calls the generator from A to B G_A. A lone a or b says nothing: MMagic calls
    generators for what they make.
    """
    for word in name.lower().split("."):
        if match := DIRECTION_NAME.fullmatch(word):
            return DIRECTION_NAMES[match[1] or match[2]]
    return None


def direction_from_file(stem: str) -> Direction | None:
    """Return the direction in a file's name, latest_net_G_A; only of the reference's form."""
    match = re.search(r"_net_G_([AB])$", stem)
    return DIRECTION_NAMES[match[1].lower()] if match else None
