"""How clips are painted and written, and what a result depends on."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan.config.choices import Steady
from gan.inference.translator import Translator
from gan.inference.video import shots
from gan.inference.video.painter import FramePainter, Painter
from gan.inference.video.plan import ClipJob
from gan.inference.video.shots import ANY_LENGTH, ClipLimits
from gan.system.failures import say
from gan.system.hashing import file_sha256
from gan.system.progress import Progress

TILE = 512
"""Default side of a tile in pixels, for frames that do not fit into memory."""
STEADIER: dict[Steady, str] = {
    "none": "try --steady flow, or statistics",
    "statistics": "try --steady flow",
    "flow": "--steady flow is the steadiest; a lower --size may flicker less",
}
"""Advice for translations that flicker more than their originals, by --steady."""


class FrameMethod(ABC):
    """How frames are painted."""

    @property
    @abstractmethod
    def linked(self) -> bool:
        """Whether a frame depends on the ones before it in its shot."""

    @property
    @abstractmethod
    def advice(self) -> str:
        """What to try if the result flickers more than the original."""

    @property
    def segment(self) -> int:
        """Largest number of frames in a segment, which a killed command loses at most."""
        return shots.SEGMENT

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Return all values on which a result depends, except the clip, for JSON."""

    @abstractmethod
    def painter(self, tile: int | None, scratch: Path) -> FramePainter:
        """Return a painter for frames, with tiles of this side if they are needed."""

    def tile(self, width: int, height: int) -> int | None:
        """Return the side of tiles for frames of a size, or None.

        ValueError if such frames cannot be painted.
        """
        return None


@dataclass(frozen=True)
class Translation(FrameMethod):
    """Frames are translated by a generator."""

    translator: Translator
    steady: Steady
    side: int | None = None
    """Side of tiles; None for tiles only if frames do not fit into memory."""
    style: Path | str | None = None
    """The style image, or the chosen style of a generator with several, as text."""

    @property
    def linked(self) -> bool:
        """Whether a frame depends on the ones before it in its shot."""
        return self.steady != "none"

    @property
    def advice(self) -> str:
        """What to try if the translation flickers more than the original."""
        return STEADIER[self.steady]

    def facts(self) -> dict[str, Any]:
        """Return all values on which a translation depends, except the clip, for JSON."""
        source, translator = self.translator.source, self.translator
        return {
            "model": file_sha256(source) if source else None,
            "style": file_sha256(self.style) if isinstance(self.style, Path) else self.style,
            "how": [self.steady, self.side, translator.precision, translator.size],
        }

    def tile(self, width: int, height: int) -> int | None:
        """Return the side of tiles; ValueError for a generator with its own range of values."""
        translator = self.translator
        if translator.range_in or translator.range_out:
            raise ValueError(
                "this generator was trained with data.range_a or data.range_b, but clips have 8 "
                "bits only: give it image files instead"
            )
        large = translator.tiles and not self.side and not translator.fits(height, width)
        return TILE if large else self.side

    def painter(self, tile: int | None, scratch: Path) -> FramePainter:
        """Return a painter that translates frames."""
        return Painter(self.translator, self.steady, tile, scratch)


@dataclass(frozen=True)
class Settings:
    """How clips are painted and written."""

    method: FrameMethod
    quality: int
    scratch: Path | None
    max_megapixels: float
    overwrite: bool
    shown: bool = False
    """Whether this process shows progress."""
    limits: ClipLimits = ANY_LENGTH
    say: Callable[[Path, str], None] = say
    """Prints a remark about a file."""
    progress: Callable[..., Progress] = Progress
    """Makes what counts the frames of a clip, with the arguments of Progress."""

    def facts(self, job: ClipJob) -> dict[str, Any]:
        """Return all values on which a result depends, to recognize its segments."""
        import av

        state = job.source.stat()
        return {
            **self.method.facts(),
            "source": [state.st_size, state.st_mtime_ns],
            "quality": self.quality,
            "segment": self.method.segment,
            "libraries": [av.__version__, av.ffmpeg_version_info],
        }
