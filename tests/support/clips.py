"""Small video files, and what is in them. Requires PyAV."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.support.pictures import picture

Pixels = NDArray[np.uint8]
TICK = Fraction(1, 90000)
STEP = 3000
"""Ticks of a frame at 30 frames a second."""


def panned(count: int, size: tuple[int, int] = (64, 48), seed: int = 0) -> list[Pixels]:
    """Return frames that move by a pixel each over a picture."""
    width, height = size
    whole = np.asarray(picture(seed, (width + count, height)).convert("RGB"))
    return [whole[:, at : at + width].copy() for at in range(count)]


def write_clip(
    path: Path,
    frames: Sequence[Pixels],
    *,
    pts: Sequence[int] | None = None,
    sound: bool = False,
    subtitles: bool = False,
    format: str = "yuv444p",
    full: bool = False,
    matrix: int = 1,
    codec: str = "libx264",
    rotation: int | None = None,
) -> Path:
    """Write frames (H, W, 3) without loss but that of YUV; a tick is 1/90000 second."""
    import av

    with av.open(str(path), "w") as container:
        lossless = {"qp": "0", "bf": "0"} if codec == "libx264" else {}
        stream = container.add_stream(codec, rate=30, options=lossless)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = format
        context = stream.codec_context
        context.time_base = stream.time_base = TICK
        context.color_range, context.colorspace = (2 if full else 1), matrix
        context.color_primaries = context.color_trc = 1
        if rotation is not None:
            stream.set_display_rotation(rotation)
        audio = container.add_stream("aac", rate=44100) if sound else None
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, "rgb24").reformat(
                format=format,
                dst_colorspace="ITU709" if matrix == 1 else "ITU601",
                dst_color_range="JPEG" if full else "MPEG",
            )
            picture.pts, picture.time_base = (pts[number] if pts else number * STEP), TICK
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
        if audio is not None:
            wave = np.sin(np.arange(44100 * len(frames) // 30) / 20).astype(np.float32)[None]
            for start in range(0, wave.shape[1], 1024):
                samples = av.AudioFrame.from_ndarray(wave[:, start : start + 1024], "fltp", "mono")
                samples.sample_rate, samples.pts = 44100, start
                container.mux(audio.encode(samples))
            container.mux(audio.encode(None))
    return path


def read_clip(path: Path) -> tuple[list[Pixels], list[Fraction], Any]:
    """Return the frames (FFmpeg's RGB), their times in seconds, and the stream's codec context."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        found = [*container.decode(stream)]
        times = [frame.pts * stream.time_base for frame in found]
        return [frame.to_ndarray(format="rgb24") for frame in found], times, stream.codec_context


def sound_of(path: Path) -> NDArray[np.float32]:
    """Return all samples of the first stream of sound, (channels, samples)."""
    import av

    with av.open(str(path)) as container:
        samples = [frame.to_ndarray() for frame in container.decode(audio=0)]
    joined: NDArray[np.float32] = np.concatenate(samples, axis=1)
    return joined
