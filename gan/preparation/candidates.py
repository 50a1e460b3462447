"""Pictures that may be chosen: where they are, how they will be called, what is known of them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gan.config.choices import Split
from gan.domains import Domain
from gan.images import MAX_MEGAPIXELS
from gan.inspection.survey import ImageFacts, Place, examine, in_threads

Skipped = tuple[Path, str]
"""A file that is skipped, and why."""


@dataclass(frozen=True)
class Candidate:
    """A picture of a source, and what becomes of it."""

    domain: Domain
    source: Path
    """The image file, or the video."""
    name: Path
    """Below the folder of its domain and split, where it will lie."""
    columns: Mapping[str, str] = field(default_factory=dict)
    frame: int | None = None
    """Of a video: its number among all frames, from 0."""
    page: int | None = None
    """Of a stack: its number among all pages, from 0."""
    second: float = 0
    facts: ImageFacts | None = None
    """Known of frames, and of files once these are decoded."""
    split: Split = "train"
    group: int | None = None
    """Number of the group that is kept on one side, for pictures that are not alone."""

    @property
    def label(self) -> str:
        """For people: the file, and which frame of it."""
        if self.page is not None:
            return f"{self.source}, page {self.page}"
        return str(self.source) if self.frame is None else f"{self.source}, frame {self.frame}"

    @property
    def origin(self) -> tuple[Path, int | None]:
        """What tells pictures apart: the file, and the number of the frame or the page."""
        return self.source.resolve(), self.frame if self.page is None else self.page

    @property
    def target(self) -> Path:
        """Below the output."""
        return Path(f"{self.split}{self.domain.upper()}", self.name)


def draw(seed: int, name: Path) -> bytes:
    """Return a random number that depends on nothing but a seed and a name.

    So a picture more or less in a source does not send the others to the other side.
    """
    text = f"{seed}\0{name.as_posix()}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def decode(
    candidates: Sequence[Candidate], limit: int | None, seed: int
) -> tuple[list[Candidate], list[Skipped]]:
    """Return so many readable candidates, drawn by seed and sorted by name, and unreadable ones.

    Without a limit all are decoded; else only as many as are needed.
    """
    left = sorted(candidates, key=lambda candidate: draw(seed, candidate.name))
    wanted = len(left) if limit is None else limit
    decoded: list[Candidate] = []
    skipped: list[Skipped] = []
    while left and len(decoded) < wanted:
        some, left = left[: wanted - len(decoded)], left[wanted - len(decoded) :]
        outcomes = in_threads(_decode_one, some, "images")
        decoded += [one for one in outcomes if isinstance(one, Candidate)]
        skipped += [one for one in outcomes if not isinstance(one, Candidate)]
    return sorted(decoded, key=lambda one: one.name.as_posix()), skipped


def _decode_one(candidate: Candidate) -> Candidate | Skipped:
    """Return a candidate with its facts, or its file and why it cannot be read."""
    if candidate.facts:
        return candidate
    # It has no place: copies are sought among all pictures, wherever they lie.
    outcome = examine(candidate.source, Place(Path()), MAX_MEGAPIXELS, candidate.page or 0)
    return replace(candidate, facts=outcome) if isinstance(outcome, ImageFacts) else outcome
