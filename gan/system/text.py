"""Text for people: names of files as they may be printed, and the name that was probably meant."""

import difflib
from collections.abc import Iterable


def printable(text: str) -> str:
    """The text with line breaks, control characters and undecodable bytes escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def nearest(name: str, names: Iterable[str]) -> str:
    """; did you mean NAME? or nothing, where none is near."""
    near = difflib.get_close_matches(name, list(names), 1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""
