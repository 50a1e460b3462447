"""The frames of a video, upright, one after the other; needs the extra `video` (PyAV)."""

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
"""What FFmpeg may open: its names of what these are. It opens by content, and would follow a
playlist with a video's name to other files and to servers."""


def _decoded(path: Path) -> Iterator[tuple[int, float, Callable[[], Image.Image]]]:
    """Yield (number, seconds since the first frame, its picture when called) of all whole frames.

    Whatever FFmpeg reports of a video becomes an ImageError in one line.
    """
    try:
        import av
    except ImportError as error:
        raise ImageError(
            f"{path}: videos need the extra `video`: pip install 'gan-translation[video]'"
        ) from error
    try:
        # A file that is open has no name that FFmpeg could take for an address.
        with path.open("rb") as file, av.open(file, options=LIMITS) as container:
            if not container.streams.video:
                raise ImageError(f"{path}: no video in it")
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
    """Yield (number, picture) of these frames; those behind a damage are missing."""
    last = max(numbers)
    with suppress(ImageError):
        for number, _, picture in _decoded(path):
            if number in numbers:
                yield number, picture()
            if number >= last:
                return


def _upright(frame: Any, aspect: Fraction | None) -> Image.Image:
    """Return a frame of PyAV as it is meant to be seen, mode RGB: turned, with square pixels.

    `aspect` is the width of a stored pixel in the measure of its height, where that is known.
    """
    width = round(frame.width * aspect) if aspect else frame.width
    image: Image.Image = frame.to_image(width=width, height=frame.height)
    return image.rotate(frame.rotation, expand=True)
