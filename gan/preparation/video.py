"""Decode the frames of a video, upright and in order. Requires the extra `video` (PyAV)."""

import math
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from gan.images import MAX_MEGAPIXELS, ImageError

SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".ogv")
LIMITS = {"format_whitelist": "mov,matroska,avi,mpeg,mpegts,ogg", "protocol_whitelist": ""}
"""The container formats that FFmpeg may open. It detects formats by content: without a limit, a
playlist that is named like a video would make it open other files and servers."""


def _decoded(path: Path) -> Iterator[tuple[int, float, Callable[[], Image.Image]]]:
    """Yield (number, second, function that returns the picture) of each undamaged frame.

    `second` counts from the first frame. FFmpeg's errors are raised as ImageError in one line.
    """
    try:
        import av
    except ImportError as error:
        raise ImageError(
            f"{path}: videos need the extra `video`: pip install 'gan-translation[video]'"
        ) from error
    try:
        # FFmpeg might read a name as an address; an open file has no name.
        with path.open("rb") as file, av.open(file, options=LIMITS) as container:
            if not container.streams.video:
                raise ImageError(f"{path}: contains no video")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            if stream.width * stream.height / 1e6 > MAX_MEGAPIXELS:
                raise ImageError(f"{path}: frames of more than {MAX_MEGAPIXELS:g} megapixels")
            first: float | None = None
            for number, frame in enumerate(container.decode(stream)):
                second = (
                    float(number / (stream.average_rate or 25))
                    if frame.time is None
                    else frame.time
                )
                first = second if first is None else first
                if not frame.is_corrupt:  # made up by the decoder
                    aspect = stream.sample_aspect_ratio
                    yield number, second - first, partial(_upright, frame, aspect)
    except (OSError, av.FFmpegError) as error:
        raise ImageError(f"{path}: {error.strerror or error}") from error


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
