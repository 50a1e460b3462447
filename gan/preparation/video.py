"""Decode the frames of a video, upright and in order. Requires the extra `video` (PyAV)."""

import math
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from gan.images import ImageError
from gan.images.clips import SUFFIXES as SUFFIXES
from gan.images.clips import opened_clip


def _decoded(path: Path) -> Iterator[tuple[int, float, Callable[[], Image.Image]]]:
    """Yield (number, second, function that returns the picture) of each undamaged frame.

    `second` counts from the first frame. FFmpeg's errors are raised as ImageError in one line.
    """
    with opened_clip(path) as (container, stream):
        stream.thread_type = "AUTO"
        first: float | None = None
        for number, frame in enumerate(container.decode(stream)):
            second = (
                float(number / (stream.average_rate or 25)) if frame.time is None else frame.time
            )
            first = second if first is None else first
            if not frame.is_corrupt:  # made up by the decoder
                aspect = stream.sample_aspect_ratio
                yield number, second - first, partial(_upright, frame, aspect)


def sampled(
    path: Path, per_second: float, every: int | None
) -> Iterator[tuple[int, float, Image.Image]]:
    """Yield (number, second, picture) of the first frame of each interval.

    Intervals are of `every` frames, or else of 1 / `per_second` seconds.
    """
    last = -1
    for number, second, picture in _decoded(path):
        # Rounding must not put a frame that begins an interval at the end of the one before.
        interval = number // every if every else math.floor(second * per_second + 1e-6)
        if interval > last:
            last = interval
            yield number, second, picture()


def numbered(path: Path, numbers: Collection[int]) -> Iterator[tuple[int, Image.Image]]:
    """Yield (number, picture) of the frames in `numbers`; frames after damage are missing."""
    last = max(numbers)
    with suppress(ImageError):
        for number, _, picture in _decoded(path):
            if number in numbers:
                yield number, picture()
            if number >= last:
                return


def _upright(frame: Any, aspect: Fraction | None) -> Image.Image:
    """Return a frame of PyAV as an RGB picture, rotated upright, with square pixels.

    aspect: width of a stored pixel divided by its height; None if not known.
    """
    width = round(frame.width * aspect) if aspect else frame.width
    image: Image.Image = frame.to_image(width=width, height=frame.height)
    return image.rotate(frame.rotation, expand=True)
