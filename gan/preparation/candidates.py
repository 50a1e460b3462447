"""A picture that may be chosen: where it is, how it will be called, what is known of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gan.domains import Domain
from gan.inspection.survey import ImageFacts

Skipped = tuple[Path, str]
"""A file that is skipped, and why."""


@dataclass(frozen=True)
class Frame:
    """A picture of a video."""

    number: int
    """Among all frames, from 0."""
    second: float


@dataclass(frozen=True)
class Candidate:
    """A picture of a source."""

    domain: Domain
    source: Path
    """The image file, or the video."""
    name: Path
    """Below the folder of its domain and split, where it will lie."""
    columns: Mapping[str, str] = field(default_factory=dict)
    frame: Frame | None = None
    facts: ImageFacts | None = None
    """Known of frames, and of files once these are decoded."""

    @property
    def label(self) -> str:
        """For people: the file, and which frame of it."""
        return f"{self.source}, frame {self.frame.number}" if self.frame else str(self.source)

    @property
    def origin(self) -> tuple[Path, int | None]:
        """What tells pictures apart: the file, and the number of the frame."""
        return self.source.resolve(), self.frame.number if self.frame else None


def draw(seed: int, name: Path) -> bytes:
    """A random number that depends on nothing but a seed and a name.

    So a picture more or less in a source does not send the others to the other side.
    """
    text = f"{seed}\0{name.as_posix()}".encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).digest()
