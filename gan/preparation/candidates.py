"""Candidates: pictures of the sources, with their names in the output and facts about them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gan.config.choices import Split
from gan.domains import Domain
from gan.images import MAX_MEGAPIXELS
from gan.inspection.survey import ImageFacts, Place, examine, in_threads

Skipped = tuple[Path, str]
"""A skipped file and the reason."""


@dataclass(frozen=True)
class Candidate:
    """A picture of a source, and its place in the output."""

    domain: Domain
    source: Path
    """The image file or the video; for a row of a table, a folder until its file is found."""
    name: Path
    """Path in the output, below the folder of its domain and split."""
    columns: Mapping[str, str] = field(default_factory=dict)
    frame: int | None = None
    """Number of a video's frame, counted from 0."""
    page: int | None = None
    """Number of a stack's page, counted from 0."""
    second: float = 0
    """Seconds from a video's first frame to this one."""
    facts: ImageFacts | None = None
    """Set for frames, and for files once they are decoded."""
    split: Split = "train"
    group: int | None = None
    """Number of the group that stays on one side of the split; None for a group of one picture."""

    @property
    def label(self) -> str:
        """The file and its frame or page, for messages."""
        if self.page is not None:
            return f"{self.source}, page {self.page}"
        return str(self.source) if self.frame is None else f"{self.source}, frame {self.frame}"

    @property
    def origin(self) -> tuple[Path, int | None]:
        """The file and the number of the frame or page, which identify a picture."""
        return self.source.resolve(), self.frame if self.page is None else self.page

    @property
    def target(self) -> Path:
        """Path below the output folder."""
        return Path(f"{self.split}{self.domain.upper()}", self.name)


def draw(seed: int, name: Path) -> bytes:
    """Return random bytes, a hash, that depend only on a seed and a name.

    Adding or removing a picture of a source therefore does not move others across the split.
    """
    text = f"{seed}\0{name.as_posix()}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def decode(
    candidates: Sequence[Candidate], limit: int | None, seed: int
) -> tuple[list[Candidate], list[Skipped]]:
    """Return at most `limit` readable candidates, sorted by name, and the unreadable files.

    Candidates are drawn by seed and decoded until `limit` are readable, or all if it is None.
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
    # The place is empty: copies are searched for among all pictures, in any folder.
    outcome = examine(candidate.source, Place(Path()), MAX_MEGAPIXELS, candidate.page or 0)
    return replace(candidate, facts=outcome) if isinstance(outcome, ImageFacts) else outcome
