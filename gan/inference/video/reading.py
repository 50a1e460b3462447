"""Decode a clip frame by frame: its properties, its time stamps, and its upright pixels."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gan.images.clips import opened_clip
from gan.images.formats import ImageError
from gan.inference.checks import check_size
from gan.inference.video.color import FULL, RGB, Colors, Pixels, matrix_of

PLANES = "yuv444p"
THUMBNAIL = (48, 27)
"""Width and height of the small frames that are compared to find cuts."""
LATE = 0.5
"""Seconds by which a clip may end before its header says, in addition to a tenth of its length."""
HDR = {16: "PQ", 18: "HLG"}


@dataclass(frozen=True)
class Clip:
    """Properties of a clip's video stream; all can be stored as JSON."""

    width: int
    height: int
    """Stored pixels, before rotation."""
    turns: int
    """Quarter turns counterclockwise that make the frames upright."""
    chroma: str
    """420, 422 or 444."""
    time_base: tuple[int, int]
    rate: tuple[int, int]
    """Frames per second, on average."""
    matrix: int
    full: bool
    range: int
    colorspace: int
    primaries: int
    transfer: int
    aspect: tuple[int, int]
    """Width of a stored pixel divided by its height."""
    rgb: bool
    """Whether the stored pixels are RGB; then they are written as YUV."""
    remarks: tuple[str, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of upright frames."""
        return (self.height, self.width) if self.turns % 2 else (self.width, self.height)

    @property
    def upright_aspect(self) -> Fraction:
        """Width of an upright frame's pixel divided by its height."""
        aspect = Fraction(*self.aspect)
        return 1 / aspect if self.turns % 2 else aspect

    @property
    def tick(self) -> Fraction:
        """The unit of time stamps in seconds."""
        return Fraction(*self.time_base)

    @property
    def colors(self) -> Colors:
        """The conversion of these frames."""
        return Colors(self.matrix, full=self.full)


@dataclass(frozen=True)
class Frame:
    """A decoded frame: its number, time stamp and length in ticks, and PyAV's object."""

    number: int
    pts: int
    duration: int
    decoded: Any


def decoded(path: Path, max_megapixels: float) -> Generator[tuple[Clip, Frame], None, None]:
    """Yield the clip and each frame, in the order in which they are shown.

    ImageError names the file, and the frame where it is damaged, is cut off, or changes its size.
    """
    number, clip, last = 0, None, None
    try:
        with opened_clip(path, max_megapixels) as (container, stream):
            stream.thread_type = "AUTO"
            for number, frame in enumerate(container.decode(stream)):
                if frame.is_corrupt:
                    raise ImageError(f"{path}: damaged")
                if clip is None:
                    clip = _described(path, stream, frame)
                elif (frame.width, frame.height) != (clip.width, clip.height):
                    raise ImageError(
                        f"{path}: its frames change from {clip.width}x{clip.height} to "
                        f"{frame.width}x{frame.height}; all must have one size"
                    )
                step = round(1 / (Fraction(*clip.rate) * clip.tick)) or 1
                pts = frame.pts if frame.pts is not None else number * step
                last = pts if last is None or pts > last else last + 1  # as muxers require
                yield clip, Frame(number, last, frame.duration or step, frame)
            if clip is None or last is None:
                raise ImageError(f"{path}: contains no frame")
            _check_length(path, stream, last * clip.tick)
    except ImageError as error:
        if number or clip is not None:
            raise ImageError(f"{error} (after {number} frames that could be read)") from error
        raise


def pixels(clip: Clip, frame: Frame, colors: Colors) -> Pixels:
    """Return a frame as upright RGB (H, W, 3) of 8 bits."""
    if clip.rgb:
        array = frame.decoded.reformat(format="rgb24").to_ndarray()
    else:
        array = colors.to_rgb(_same_colors(frame.decoded, PLANES).to_ndarray(channel_last=True))
    return np.ascontiguousarray(np.rot90(array, clip.turns))


def thumbnail(frame: Frame) -> Pixels:
    """Return a small gray copy of a frame, to compare it with others."""
    width, height = THUMBNAIL
    small = frame.decoded.reformat(width, height, "gray8", interpolation="AREA", threads=1)
    array: Pixels = small.to_ndarray()
    return array


def first_frame(path: Path, max_megapixels: float) -> Pixels:
    """Return the first frame (H, W, 3) of a clip, upright; ImageError names the file."""
    with closing(decoded(path, max_megapixels)) as frames:
        clip, frame = next(frames)
        return pixels(clip, frame, clip.colors)


def _same_colors(frame: Any, format: str) -> Any:
    """Return a frame in another format of the same matrix and range."""
    from av.video.reformatter import ColorRange, Interpolation

    flags = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
    scale = partial(frame.reformat, format=format, interpolation=flags, threads=1)
    either = ColorRange.JPEG if frame.color_range == FULL else ColorRange.MPEG
    return scale(src_color_range=either, dst_color_range=either)


def with_format(yuv: Pixels, format: str, range: int) -> Any:
    """Return YUV (H, W, 3) as a frame of PyAV in a format of the same range."""
    import av

    frame = av.VideoFrame.from_ndarray(yuv, PLANES, channel_last=True)
    frame.color_range = range
    return frame if format == PLANES else _same_colors(frame, format)


def _described(path: Path, stream: Any, frame: Any) -> Clip:
    """Return the properties of a clip, from its stream and its first frame."""
    format = frame.format
    check_size(frame.width, frame.height, f"{path}: ")
    codec = stream.codec_context
    matrix = matrix_of(frame.colorspace, frame.height)
    if matrix is None:
        raise ImageError(f"{path}: colors of matrix {frame.colorspace} (H.273) are not supported")
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    chroma = "420"
    if format.is_rgb or len(format.components) < 3:
        chroma = "444" if format.is_rgb else "420"
    else:
        across = frame.width // max(1, format.chroma_width(frame.width))
        down = frame.height // max(1, format.chroma_height(frame.height))
        chroma = {(1, 1): "444", (2, 1): "422"}.get((across, down), "420")
    remarks = []
    if any(component.bits > 8 for component in format.components):
        remarks.append("more than 8 bits a channel: read and written as 8")
    if format.name.startswith(("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya", "pal8")):
        remarks.append("its transparency is dropped")
    if frame.interlaced_frame:
        remarks.append("is interlaced, and is translated as it is: deinterlace it first")
    if name := HDR.get(frame.color_trc):
        remarks.append(f"high dynamic range ({name}): translated as it is stored")
    return Clip(
        width=frame.width,
        height=frame.height,
        turns=round(frame.rotation / 90) % 4,
        chroma=chroma,
        time_base=stream.time_base.as_integer_ratio(),
        rate=rate.as_integer_ratio(),
        matrix=matrix,
        full=frame.color_range == FULL,
        range=int(frame.color_range),
        colorspace=int(2 if frame.colorspace == RGB else frame.colorspace),
        primaries=int(codec.color_primaries),
        transfer=int(codec.color_trc),
        aspect=aspect.as_integer_ratio(),
        rgb=bool(format.is_rgb),
        remarks=tuple(remarks),
    )


def _check_length(path: Path, stream: Any, end: Fraction) -> None:
    """Raise ImageError if a clip ends long before its header says."""
    length = _length(stream)
    if length is not None and float(end) + LATE < 0.9 * length:
        raise ImageError(f"{path}: is cut off: ends after {float(end):.1f} of {length:.1f} seconds")


def _length(stream: Any) -> float | None:
    """Return the end of a stream in seconds, from its header; None if it is missing."""
    if stream.duration:
        return float((stream.duration + (stream.start_time or 0)) * stream.time_base)
    parts = stream.metadata.get("DURATION", "").split(":")  # Matroska's, as 00:01:02.345000000
    try:
        hours, minutes, seconds = map(float, parts)
    except ValueError:
        return None
    return 3600 * hours + 60 * minutes + seconds
