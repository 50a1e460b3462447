"""Work with tensors' names: split by network, infer directions, rename as in the reference."""

import re
from collections.abc import Callable, Mapping

from torch import Tensor

from gan.domains import Direction

State = dict[str, Tensor]
Rename = Callable[[re.Match[str], int], str]
"""Returns the reference's name, given a match and the number of residual blocks."""

NETWORK = re.compile(r"(?:(?P<part>.+?)\.)??(?P<inner>(?:(?:encoder|decoder)\.)?model\..+|\d+\..+)")
"""A tensor's name: the network's name, if any, then the name inside the network, which begins with
`model` or, for a bare Sequential, with a number."""
DIRECTION_NAMES: dict[str, Direction] = {
    "a": "ab", "ab": "ab", "a2b": "ab", "b": "ba", "ba": "ba", "b2a": "ba",
}  # fmt: skip
DIRECTION_NAME = re.compile(r"(?:net_?)?(?:g|gen|generator)_?(a|b|ab|ba|a2b|b2a)|(ab|ba|a2b|b2a)")
MMCV = re.compile(r"model\.(\d+)(?:\.block\.(\d+))?\.(conv|bn|in|norm)\.(\w+)")
"""Names of MMagic: a module holds a convolution, `conv`, and its norm, `bn` or `in`."""
JOLI = re.compile(r"(encoder|decoder)\.model\.(\d+)\.(.+)")
"""Names of joliGEN: the encoder ends with the residual blocks; the decoder counts from 0 again."""
BLOCK = re.compile(r"(model\.\d+)\.block\.(.+)")
"""Names of the reference, but `block` in place of `conv_block`."""


def _mmcv(match: re.Match[str], blocks: int) -> str:
    """Return the reference's name for a match of MMCV.

    MMagic gives a convolution and its norm one number; the reference gives them two.
    """
    number, inner, layer, tensor = int(match[1]), match[2], match[3], match[4]
    after = 0 if layer == "conv" else 1
    if inner is not None:
        # In both projects, dropout is between the two convolutions of a block.
        convolution = {"0": 1, "1": 5, "2": 6}[inner]
        return f"model.{number + 7}.conv_block.{convolution + after}.{tensor}"
    ends = [1, 4, 7, *[0] * blocks, 10 + blocks, 13 + blocks, 17 + blocks]
    return f"model.{ends[number] + after}.{tensor}"


def _joli(match: re.Match[str], blocks: int) -> str:
    """Return the reference's name for a match of JOLI."""
    before = 10 + blocks if match[1] == "decoder" else 0
    return f"model.{before + int(match[2])}.{match[3]}"


LAYOUTS: dict[str, tuple[re.Pattern[str], Rename, re.Pattern[str]]] = {
    "MMagic": (MMCV, _mmcv, re.compile(r"model\.(\d+)\.block\.")),
    "joliGEN": (JOLI, _joli, re.compile(r"encoder\.model\.(\d+)\.conv_block\.")),
    "reference": (BLOCK, lambda match, _: f"{match[1]}.conv_block.{match[2]}", BLOCK),
}
"""By project: a pattern of its names, a function from matches to the reference's names, and a
pattern that finds the number of a residual block."""


def reference_names(state: State) -> tuple[State, str]:
    """Return a network's tensors by the reference's names, and the project whose names they had.

    Unknown names are kept.
    """
    for project, (form, rename, block) in LAYOUTS.items():
        if any(form.fullmatch(name) for name in state):
            blocks = {found[1] for name in state if (found := block.match(name))}
            try:
                renamed = {
                    rename(match, len(blocks)) if (match := form.fullmatch(name))
                    else name: tensor
                    for name, tensor in state.items()
                }  # fmt: skip
            except (KeyError, IndexError):  # a number that the layout does not have
                continue
            return renamed, project
    return dict(state), "reference"


def split_parts(tensors: Mapping[str, Tensor]) -> dict[str, State]:
    """Return the tensors of each network, by the network's name: "" if names have no prefix.

    Names inside a network begin with `model.` (added before a bare number), or in joliGEN with
    `encoder.model.` or `decoder.model.`. Tensors with other names are skipped.
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

    In the reference, G_A is the generator from A to B. None if the name has no direction; one that
    is only a or b has none, since MMagic names generators by their target.
    """
    for word in name.lower().split("."):
        if match := DIRECTION_NAME.fullmatch(word):
            return DIRECTION_NAMES[match[1] or match[2]]
    return None


def direction_from_file(stem: str) -> Direction | None:
    """Return the direction in a file name of the reference, such as latest_net_G_A, or None."""
    match = re.search(r"_net_G_([AB])$", stem)
    return DIRECTION_NAMES[match[1].lower()] if match else None
