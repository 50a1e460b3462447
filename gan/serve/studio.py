"""Translate one uploaded image, for the page and the API."""

import math
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2

from gan.config.choices import MIN_SIDE, Format
from gan.images import Mark, Picture, read_suffix, write_picture
from gan.images.pixels import blend, from_array, to_array
from gan.inference.checks import check_size, require_finite
from gan.inference.folder.plan import SUFFIXES
from gan.inference.working_size import working_size
from gan.serve.models import Choice
from gan.serve.options import ServeOptions
from gan.system.failures import failure
from gan.system.text import printable

AUTO_TILE = 512
"""Pixels per side of a tile, if an image does not fit into memory and no tile is requested."""
MOST_SIDE = 4096
"""Largest working size in pixels."""
CLOSING = 60
"""Seconds to wait for a clip's last frame at the end."""
SHOWN = 1600
"""Limit of the longer side in pixels of an image on the page; the download has the full size."""


class RejectedError(ValueError):
    """A request that cannot be answered, with the reason in one line."""


@dataclass(frozen=True)
class Wish:
    """The settings of a translation; RejectedError for values out of range."""

    choice: Choice
    strength: float = 1.0
    """Share of the translation, from 0 (the original) to 1."""
    tile: int | None = None
    """Pixels per side of a tile; None to use tiles only if memory requires them."""
    format: Format | None = None
    """None for the original's format."""
    size: int | None = None
    """Pixels of the shorter side at the network's input; None for the original's size."""

    @property
    def mark(self) -> Mark | None:
        """The model's mark; None if results are not marked, or nothing is translated."""
        return self.choice.mark if self.strength else None

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise RejectedError(f"strength: must be from 0 to 1, not {self.strength}")
        if self.tile is not None and not 64 <= self.tile <= 4096:
            raise RejectedError(f"tile: must be from 64 to 4096, not {self.tile}")
        if self.tile and not self.choice.translator.tiles:
            raise RejectedError("tile: this generator translates whole pictures; remove tile")
        if self.size is not None and not MIN_SIDE <= self.size <= MOST_SIDE:
            raise RejectedError(f"size: must be from {MIN_SIDE} to {MOST_SIDE}, not {self.size}")
        if self.format is not None and self.format not in SUFFIXES:
            raise RejectedError(f"format: must be one of {', '.join(SUFFIXES)}, not {self.format}")

    def check_size(self, width: int, height: int, most: float) -> float:
        """Return the megapixels that the network sees of a picture; ValueError for too many."""
        seen = math.prod(working_size(height, width, self.size)) / 1e6
        if self.size and seen > most:  # the longer side of a strip grows
            raise ValueError(f"size: {self.size} gives {seen:.1f} megapixels for this picture")
        return seen


@dataclass(frozen=True)
class Result:
    """An image and its translation."""

    before: Picture
    after: Picture
    file: Path
    """The file of `after`."""


class Turn:
    """A lock that threads get in turns: who lets go of it and wants it again comes last."""

    def __init__(self) -> None:
        self.next, self.own = threading.Lock(), threading.Lock()

    def __enter__(self) -> None:
        with self.next:
            self.own.acquire()

    def __exit__(self, *_: object) -> None:
        self.own.release()


class Studio:
    """Translates one image at a time, so that the largest image bounds the memory."""

    def __init__(self, choices: list[Choice], limits: ServeOptions, folder: Path) -> None:
        self.choices, self.limits, self.folder = choices, limits, folder
        self.turn, self.one_clip = Turn(), threading.Lock()
        self.closed = threading.Event()
        self.kept = Counter[Path]()

    @contextmanager
    def keep(self, paths: Sequence[Path]) -> Iterator[None]:
        """Keep files from being deleted by age during the block."""
        self.kept.update(paths)
        try:
            yield
        finally:
            self.kept.subtract(paths)
            self.kept += Counter()  # removes entries of 0

    def stay(self, paths: Sequence[Path]) -> None:
        """Keep files from being deleted by age, until the server stops."""
        self.kept.update(paths)

    def needed(self, path: Path) -> bool:
        """Return whether a file must be kept: it, or a folder that it is in."""
        return any(self.kept[each] > 0 for each in (path, *path.parents))

    def close(self) -> None:
        """Stop the clip that is in work, and wait until it is."""
        self.closed.set()
        if self.one_clip.acquire(timeout=CLOSING):
            self.one_clip.release()

    def translate(
        self,
        source: Path,
        target: Path,
        wish: Wish,
        progress: Callable[[float], None] = lambda share: None,
    ) -> Result:
        """Translate an image, and write the result to `target` plus its format's suffix.

        Depth, transparency and EXIF are kept if the format supports them. RejectedError gives the
        reason in one line, without the name of a file.
        """
        translator, most = wish.choice.translator, self.limits.max_megapixels
        try:
            with self.turn:
                form = wish.format
                suffix = SUFFIXES[form] if form else read_suffix(source, max_megapixels=most)
                before = translator.read(source, most)
                after = self.run(wish, before, progress)
                result = Result(before, after, Path(f"{target}{suffix}"))
                write_picture(after, result.file)
                return result
        except (ValueError, OSError, RuntimeError, MemoryError) as error:  # also if the GPU is full
            raise rejected(source, error) from error

    def run(self, wish: Wish, before: Picture, progress: Callable[[float], None]) -> Picture:
        """Return a picture translated in one piece or in tiles, blended by the wish's strength.

        ValueError if the picture is too small, or does not fit into memory or the limits.
        """
        translator, tile = wish.choice.translator.at_size(wish.size), wish.tile
        height, width = before.pixels.shape[:2]
        check_size(width, height)
        seen = wish.check_size(width, height, self.limits.max_megapixels)
        pixels = from_array(before.pixels)
        if tile or not translator.fits(height, width):
            if not translator.tiles:
                raise ValueError(f"{seen:.1f} megapixels do not fit into memory at the moment")
            result = translator.translate_tiled(pixels, tile or AUTO_TILE, self.folder, progress)
        else:
            (result,) = translator.translate_batch(pixels[None])
        translated = to_array(require_finite(result))
        after = before.with_pixels(blend(before.pixels, translated, wish.strength))
        return after.with_mark(wish.mark)


def rejected(source: Path, error: Exception) -> RejectedError:
    """Return an error as the rejection of a file, and print its reason."""
    reason = reason_of(source, error)
    print(printable(f"rejected: {reason}"), file=sys.stderr)
    return RejectedError(reason)


def reason_of(source: Path, error: Exception) -> str:
    """Return the reason of an error in one line, without paths on this machine."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return failure(source, error).reason


def shown(picture: Picture, side: int = SHOWN) -> Picture:
    """Return an image for display: at most `side` pixels per side, without metadata."""
    height, width = picture.pixels.shape[:2]
    scale = min(1, side / max(height, width))
    if scale == 1:
        return Picture(picture.pixels)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA)
    return Picture(small.reshape(size[1], size[0], -1))
