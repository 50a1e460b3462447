"""The two domains of images and the two directions between them: all that is known of either.

A suffix names the domain in which an image lives: gen_ab translates images of A into images of B.
"""

from dataclasses import dataclass
from typing import Literal

Domain = Literal["a", "b"]
Direction = Literal["ab", "ba"]


@dataclass(frozen=True)
class Ends:
    """What a direction leads from and to."""

    source: Domain
    target: Domain
    opposite: Direction
    label: str
    """For people: "A to B"."""
    arrow: str
    """The same in few characters: "A → B", not to be broken over lines."""


DOMAINS: tuple[Domain, ...] = ("a", "b")
DIRECTIONS: dict[Direction, Ends] = {
    "ab": Ends("a", "b", "ba", "A to B", "A\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}B"),
    "ba": Ends("b", "a", "ab", "B to A", "B\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}A"),
}


def stem(name: str) -> str:
    """Return a name without the direction or domain at its end."""
    head, _, end = name.rpartition("_")
    return head if head and end in (*DIRECTIONS, *DOMAINS) else name
