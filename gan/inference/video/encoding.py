"""Encode the frames of each segment separately, to packets that are the same on every run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from gan.inference.video.color import Pixels
from gan.inference.video.reading import Clip, with_format

LOSSLESS = 100
"""The --quality without loss, except that of 8 bits and of the chroma's resolution."""


@dataclass(frozen=True)
class Codec:
    """An encoder of FFmpeg, and its settings."""

    name: str
    options: dict[str, str]
    worst: int
    """The largest number that its `crf` takes."""
    lossless: dict[str, str]
    even: bool
    """Whether halved chroma needs even sides."""


# With x264's mbtree one encoding of a hundred had other bytes (PyAV 18.1.0, 64x48, one thread);
# without it none of 1900.
X264 = {"preset": "medium", "bf": "0", "mbtree": "0"}
H264 = Codec("libx264", X264, 51, {"qp": "0"}, even=True)
VP9 = Codec(
    "libvpx-vp9",
    {"deadline": "good", "cpu-used": "4", "row-mt": "0", "auto-alt-ref": "0", "lag-in-frames": "0"},
    63,
    {"lossless": "1"},
    even=False,
)
CODECS = {".mp4": H264, ".m4v": H264, ".mov": H264, ".mkv": H264, ".webm": VP9}
"""The codec for each container that can be written."""
OTHERS = ".mkv"
"""The container for translations of clips in containers that cannot be written."""


@dataclass(frozen=True)
class Packet:
    """An encoded frame."""

    pts: int
    key: bool
    content: bytes


def crf(codec: Codec, quality: int) -> int:
    """Return the constant rate factor for a quality from 1 to 99: 16 of 51 for 95."""
    return min(codec.worst, round((12 + 0.8 * (LOSSLESS - quality)) * codec.worst / 51))


def pixel_format(clip: Clip, codec: Codec) -> str:
    """Return the format of encoded frames: the clip's chroma, at full resolution for odd sides."""
    odd = codec.even and any(side % 2 for side in clip.size)
    turned = clip.chroma == "422" and clip.turns % 2  # would halve the other direction
    return f"yuv{'444' if odd or turned else clip.chroma}p"


def configure(context: Any, clip: Clip, codec: Codec, quality: int) -> None:
    """Configure a codec context of PyAV for a clip.

    It uses one thread, and no frame depends on a later one. So packets are the same on every run
    and in the order of their time stamps, and segments can be joined.
    """
    context.width, context.height = clip.size
    context.pix_fmt = pixel_format(clip, codec)
    context.time_base, context.framerate = clip.tick, Fraction(*clip.rate)
    context.color_range, context.colorspace = clip.range, clip.colorspace
    context.color_primaries, context.color_trc = clip.primaries, clip.transfer
    context.sample_aspect_ratio = clip.upright_aspect
    context.thread_count, context.max_b_frames = 1, 0
    lossless = quality == LOSSLESS
    rate = codec.lossless if lossless else {"crf": str(crf(codec, quality))}
    context.options = {**codec.options, **rate}


class Encoder:
    """Encodes one segment; its first packet is a key frame."""

    def __init__(self, clip: Clip, codec: Codec, quality: int) -> None:
        import av
        from av.codec.context import Flags

        self.clip, self.colors = clip, clip.colors
        self.format = pixel_format(clip, codec)
        self.context = av.CodecContext.create(codec.name, "w")
        configure(self.context, clip, codec, quality)
        self.context.flags |= int(Flags.global_header)

    def encode(self, pixels: Pixels, pts: int) -> list[Packet]:
        """Encode a frame (H, W, 3); return the packets that are ready."""
        frame = with_format(self.colors.to_yuv(pixels), self.format, self.clip.range)
        frame.pts, frame.time_base = pts, self.clip.tick
        return [*_packets(self.context.encode(frame))]

    def finish(self) -> list[Packet]:
        """Return the remaining packets."""
        return [*_packets(self.context.encode(None))]


def _packets(encoded: Iterable[Any]) -> Iterator[Packet]:
    for packet in encoded:
        assert packet.dts == packet.pts, "no frame waits for a later one"
        yield Packet(packet.pts, bool(packet.is_keyframe), bytes(packet))


def codec_of(path: Path) -> Codec:
    """Return the codec of an output; ValueError for a container that cannot be written."""
    codec = CODECS.get(path.suffix.lower())
    if codec is None:
        raise ValueError(f"{path}: clips are written as {' '.join(CODECS)}: choose one of these")
    return codec
