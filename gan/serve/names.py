"""Clean visitors' file names for zips and downloads; they never become paths on this machine."""

import re
import unicodedata
from pathlib import PurePosixPath

LONGEST = 80
"""Largest length of a part of a name: a few hundred bytes, which every file system allows."""
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Device names of Windows, with any suffix."""

MOST_BYTES = 200
"""Largest size in bytes of a download's stem: with a suffix, every file system allows it."""
WORD = re.compile(r"[^\w .()+-]")
"""Characters that are replaced in names that become part of a URL."""


def clean_name(name: str) -> PurePosixPath:
    """Return a relative path without suffix, which every system can unpack inside a folder.

    Drives, roots and `..` are dropped; characters that are special on some system become
    underscores.
    """
    parts = [clean_part(part) for part in re.split(r"[/\\]", name)]
    *folders, last = [part for part in parts if part] or ["image"]
    stem = last.rpartition(".")[0] or last
    return PurePosixPath(*folders, clean_part(stem) or "image")


def clean_part(text: str) -> str:
    """Return one cleaned part of a name; empty if no character is left."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(char if char.isprintable() and char not in '<>:"|?*' else "_" for char in text)
    text = text[:LONGEST].strip(". ")
    return f"_{text}" if RESERVED.match(text) else text


def file_name(name: str, *after: str) -> str:
    """Return the stem of a download: the visitor's stem and the words `after`, joined by dashes.

    Each part is shortened, so that file systems allow the name with its suffix (255 bytes).
    """
    parts = [clean_name(name).name, *after]
    most = MOST_BYTES // len(parts)
    return "-".join(WORD.sub("_", _cut(part, most)) for part in parts)


def _cut(text: str, most: int) -> str:
    """Return the first characters of a text that fit into `most` bytes."""
    return text.encode()[:most].decode(errors="ignore").strip(". ")


class FreeNames:
    """Makes names unique, ignoring case."""

    def __init__(self) -> None:
        self.taken = set[str]()

    def take(self, stem: str, suffix: str) -> str:
        """Return stem + suffix, with a number between them if that name is in use."""
        name, number = f"{stem}{suffix}", 1
        while name.casefold() in self.taken:
            number += 1
            name = f"{stem}-{number}{suffix}"
        self.taken.add(name.casefold())
        return name
