"""What is in the outputs of a translation before it begins."""

import os
from collections.abc import Iterable
from pathlib import Path

from gan.system.remote import RemotePath
from gan.system.stores import listing


class Present:
    """Answers for files from the disk, and for objects from one list of each URL."""

    def __init__(self, outputs: Iterable[Path]) -> None:
        """List the outputs that are URLs; StoreError if a store does not answer."""
        self.listed: dict[RemotePath, set[str]] = {
            output: {entry.name for entry in listing(str(output))}
            for output in outputs
            if isinstance(output, RemotePath)
        }

    def exists(self, place: Path) -> bool:
        """Return whether there is a file, a link or an object."""
        if not isinstance(place, RemotePath):
            return os.path.lexists(place)
        for output, names in self.listed.items():
            if place.is_relative_to(output):
                return str(place.relative_to(output)) in names
        return place.exists()

    def is_dir(self, place: Path) -> bool:
        """Return whether a file's place is taken by a folder; stores have none."""
        return not isinstance(place, RemotePath) and place.is_dir()
