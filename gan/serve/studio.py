"""One uploaded picture translated, for the page and the API."""

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
from gan.images import Picture, read_suffix, write_picture
from gan.images.pixels import blend, from_array, to_array
from gan.inference.checks import check_size, require_finite
from gan.inference.folder.plan import SUFFIXES
from gan.inference.working_size import working_size
from gan.serve.models import Choice
from gan.serve.options import ServeOptions
from gan.system.failures import failure
from gan.system.text import printable

AUTO_TILE = 512
"""Side of a tile in pixels, where a picture does not fit into memory and no side is given."""
MOST_SIDE = 4096
"""Of a working size."""
SHOWN = 1600
"""Pixels of the longer side of what is shown; the file that is handed out has them all."""


class RejectedError(ValueError):
    """An answer, in one line, to a request that cannot be met."""


@dataclass(frozen=True)
class Wish:
    """What is to be made of a picture; RejectedError for numbers out of range."""

    choice: Choice
    strength: float = 1.0
    """From 0, the picture as it was, to 1, its translation."""
    tile: int | None = None
    """Pixels; None for tiles only where the memory requires them."""
    format: Format | None = None
    """None for the picture's own."""
    size: int | None = None
    """Pixels of the shorter side that the network sees; None for the picture's own."""

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise RejectedError(f"strength: {self.strength}, must be from 0 to 1")
        if self.tile is not None and not 64 <= self.tile <= 4096:
            raise RejectedError(f"tile: {self.tile}, must be from 64 to 4096")
        if self.tile and not self.choice.translator.tiles:
            raise RejectedError("tile: this generator sees the whole picture at once; remove it")
        if self.size is not None and not MIN_SIDE <= self.size <= MOST_SIDE:
            raise RejectedError(f"size: {self.size}, must be from {MIN_SIDE} to {MOST_SIDE}")
        if self.format is not None and self.format not in SUFFIXES:
            raise RejectedError(f"format: {self.format}, must be one of {', '.join(SUFFIXES)}")


@dataclass(frozen=True)
class Result:
    """A picture and what became of it."""

    before: Picture
    after: Picture
    file: Path
    """Where `after` has been written."""


class Studio:
    """Takes one picture after the other, so that memory is bounded by the largest."""

    def __init__(self, choices: list[Choice], limits: ServeOptions, folder: Path) -> None:
        self.choices, self.limits, self.folder = choices, limits, folder
        self.turn = threading.Lock()
        self.kept = Counter[Path]()

    @contextmanager
    def keep(self, paths: Sequence[Path]) -> Iterator[None]:
        """Keep files from being swept away in the block, however old they get."""
        self.kept.update(paths)
        try:
            yield
        finally:
            self.kept.subtract(paths)
            self.kept += Counter()  # forgets what is no longer kept

    def stay(self, paths: Sequence[Path]) -> None:
        """Keep files from being swept away for as long as this lasts."""
        self.kept.update(paths)

    def needed(self, path: Path) -> bool:
        """Return whether somebody keeps a file."""
        return self.kept[path] > 0

    def translate(
        self,
        source: Path,
        target: Path,
        wish: Wish,
        progress: Callable[[float], None] = lambda share: None,
    ) -> Result:
        """Read a picture and write its translation into `target` with its format's suffix.

        Depth, transparency and EXIF are kept where the format has them. RejectedError says in one
        line, without the name of a file, why it cannot be done.
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
        except (ValueError, OSError, RuntimeError, MemoryError) as error:  # also of a full GPU
            reason = reason_of(source, error)
            print(printable(f"rejected: {reason}"), file=sys.stderr)
            raise RejectedError(reason) from error

    def run(self, wish: Wish, before: Picture, progress: Callable[[float], None]) -> Picture:
        """Translate in one piece or in tiles; ValueError where neither fits."""
        translator, tile = wish.choice.translator.at_size(wish.size), wish.tile
        height, width = before.pixels.shape[:2]
        check_size(width, height)
        seen = math.prod(working_size(height, width, wish.size)) / 1e6
        if wish.size and seen > self.limits.max_megapixels:  # of a strip, the longer side grows
            raise ValueError(f"size: {wish.size} makes {seen:.1f} megapixels of this picture")
        pixels = from_array(before.pixels)
        if tile or not translator.fits(height, width):
            if not translator.tiles:
                raise ValueError(f"{seen:.1f} megapixels do not fit into memory just now")
            result = translator.translate_tiled(pixels, tile or AUTO_TILE, self.folder, progress)
        else:
            (result,) = translator.translate_batch(pixels[None])
        translated = to_array(require_finite(result))
        return before.with_pixels(blend(before.pixels, translated, wish.strength))


def reason_of(source: Path, error: Exception) -> str:
    """Return the text of an error in one line, but for places on this machine."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return failure(source, error).reason


def shown(picture: Picture, side: int = SHOWN) -> Picture:
    """Return a picture to look at: at most `side` pixels a side, without its metadata."""
    height, width = picture.pixels.shape[:2]
    scale = min(1, side / max(height, width))
    if scale == 1:
        return Picture(picture.pixels)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA)
    return Picture(small.reshape(size[1], size[0], -1))
