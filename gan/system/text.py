"""Format text for messages: printable file names, suggestions for misspelled names."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def printable(text: str) -> str:
    """Return the text with line breaks, control characters and undecodable bytes escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def number_of(count: int, things: str) -> str:
    """Return "3 clips", or "1 clip": `things` is a plural that ends in s."""
    return f"{count} {things.removesuffix('s') if count == 1 else things}"


def nearest(name: str, names: Iterable[str]) -> str:
    """Return "; did you mean NAME?", or an empty string if no name is similar."""
    near = difflib.get_close_matches(name, list(names), 1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def dotted(content: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted names and values: {"source": {"images": 40}} gives source.images, 40."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from dotted(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def error_line(error: Exception) -> str:
    """Return the text of an error without line breaks; of a loader worker's, its last line."""
    text = str(error).strip()
    if "Original Traceback" in text:
        last = text.splitlines()[-1]
        return last.partition("Error: ")[2] or last
    return " ".join(text.split())
