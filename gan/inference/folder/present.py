"""Find the outputs that exist before a translation begins."""

import os
from collections.abc import Iterable
from pathlib import Path

from gan.system.remote import RemotePath
from gan.system.stores import listing


class Present:
    """The existing outputs: files are looked up on the disk, objects in one list per URL."""

    def __init__(self, outputs: Iterable[Path]) -> None:
        """List the outputs below each URL; StoreError if a store does not answer."""
        self.listed: dict[RemotePath, set[str]] = {
            output: {entry.name for entry in listing(str(output))}
            for output in outputs
            if isinstance(output, RemotePath)
        }

    def exists(self, place: Path) -> bool:
        """Return whether a file, link or object exists at a path."""
        if not isinstance(place, RemotePath):
            return os.path.lexists(place)
        for output, names in self.listed.items():
            if place.is_relative_to(output):
                return str(place.relative_to(output)) in names
        return place.exists()

    def is_dir(self, place: Path) -> bool:
        """Return whether a folder exists at the path of a file; False for URLs."""
        return not isinstance(place, RemotePath) and place.is_dir()
