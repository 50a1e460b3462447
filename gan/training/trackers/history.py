"""Store a run's entries for its trackers, by step: RUN/trackers/history.jsonl.

A tracker's store may lack entries, because the process was killed or the server did not answer. So
a resumed run offers each tracker all entries up to its step again. A store takes those that are
newer than its newest one.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from gan.system.atomic import write_whole

FOLDER = "trackers"
"""Folder in the run's folder for this history, the run's ids in each store, and local stores."""


@dataclass
class Entry:
    """The values, texts and images of one step; names are TensorBoard's tags."""

    step: int
    scalars: dict[str, float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    """Paths of image files, relative to the run's folder."""

    def add(self, other: "Entry") -> None:
        """Add the contents of another entry of this step; texts with the same name are joined."""
        self.scalars |= other.scalars
        self.images |= other.images
        for name, text in other.texts.items():
            self.texts[name] = f"{self.texts[name]}\n{text}" if name in self.texts else text


class History:
    """The entries of a run, in a file to which each call appends."""

    def __init__(self, folder: Path, step: int) -> None:
        """Read the entries up to `step`; remove later ones and incomplete lines from the file.

        OSError, with the path, if the file cannot be written.
        """
        self.path = folder / FOLDER / "history.jsonl"
        merged: dict[int, Entry] = {}
        kept: list[str] = []
        for line, entry in _read(self.path):
            if entry.step <= step:
                kept.append(line)
                merged.setdefault(entry.step, Entry(entry.step)).add(entry)
        self.entries = [merged[number] for number in sorted(merged)]
        write_whole(self.path, lambda file: file.writelines(line.encode() for line in kept))

    def append(self, entry: Entry) -> None:
        """Append an entry or a part of one; OSError, with the path, if that fails."""
        facts = {name: value for name, value in asdict(entry).items() if value != {}}
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(facts) + "\n")
        except OSError as error:
            raise type(error)(f"{self.path}: cannot be written: {error.strerror}") from error


def _read(path: Path) -> Iterator[tuple[str, Entry]]:
    """Yield each complete line and its entry."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    for line in text.splitlines():
        with suppress(ValueError, TypeError, RecursionError):
            facts: Mapping[str, object] = json.loads(line)
            entry = Entry(**facts)  # type: ignore[arg-type]
            if isinstance(entry.step, int):
                yield f"{line}\n", entry
