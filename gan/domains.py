"""The two domains of images and the two directions between them.

A suffix names the domain in which an image lives: gen_ab translates images of A into images of B.
"""

from dataclasses import dataclass
from typing import Literal

Domain = Literal["a", "b"]
Direction = Literal["ab", "ba"]


@dataclass(frozen=True)
class Ends:
    """The source and target domain of a direction, and its names."""

    source: Domain
    target: Domain
    opposite: Direction
    label: str
    """The direction in words: "A to B"."""
    arrow: str
    """The direction in short: "A → B", with spaces at which lines do not break."""


DOMAINS: tuple[Domain, ...] = ("a", "b")
DIRECTIONS: dict[Direction, Ends] = {
    "ab": Ends("a", "b", "ba", "A to B", "A\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}B"),
    "ba": Ends("b", "a", "ab", "B to A", "B\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}A"),
}


def stem(name: str) -> str:
    """Return a name without its direction or domain suffix: `gen` for `gen_ab`."""
    head, _, end = name.rpartition("_")
    return head if head and end in (*DIRECTIONS, *DOMAINS) else name
