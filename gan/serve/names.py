"""Names out of the hands of strangers, for use inside zips; none of them becomes a path here."""

import re
import unicodedata
from pathlib import PurePosixPath

LONGEST = 80
"""Characters of a part of a name: a few hundred bytes at most, which every file system takes."""
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Devices of Windows, with any suffix."""

MOST_BYTES = 200
"""Bytes of a stem that a stranger names: with its suffix, every file system takes it."""
WORD = re.compile(r"[^\w .()+-]")
"""What is not left in names that stand in addresses."""


def clean_name(name: str) -> PurePosixPath:
    """Return a relative name, without its suffix, that every system can unpack inside a folder.

    Drives, roots and steps upwards are dropped; characters that some system takes for something
    else become underscores.
    """
    parts = [clean_part(part) for part in re.split(r"[/\\]", name)]
    *folders, last = [part for part in parts if part] or ["image"]
    stem = last.rpartition(".")[0] or last
    return PurePosixPath(*folders, clean_part(stem) or "image")


def clean_part(text: str) -> str:
    """Return one part of a name; empty where nothing is left of it."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(char if char.isprintable() and char not in '<>:"|?*' else "_" for char in text)
    text = text[:LONGEST].strip(". ")
    return f"_{text}" if RESERVED.match(text) else text


def file_name(name: str, *after: str) -> str:
    """Return the stem of a file to hand out: that of a stranger's, and words joined by dashes.

    Every part of it is cut, so that a file system takes the whole (255 bytes) with a suffix.
    """
    parts = [clean_name(name).name, *after]
    most = MOST_BYTES // len(parts)
    return "-".join(WORD.sub("_", _cut(part, most)) for part in parts)


def _cut(text: str, most: int) -> str:
    """Return as many characters as have `most` bytes."""
    return text.encode()[:most].decode(errors="ignore").strip(". ")


class FreeNames:
    """Gives every name once, where upper and lower case are the same."""

    def __init__(self) -> None:
        self.taken = set[str]()

    def take(self, stem: str, suffix: str) -> str:
        """Return the name with its suffix, and with a number where it is taken."""
        name, number = f"{stem}{suffix}", 1
        while name.casefold() in self.taken:
            number += 1
            name = f"{stem}-{number}{suffix}"
        self.taken.add(name.casefold())
        return name
