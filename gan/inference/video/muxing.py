"""Join the segments of a clip, and copy the sound and subtitles of the original."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from gan.images.clips import opened_clip
from gan.inference.video.encoding import Codec, Packet, configure
from gan.inference.video.reading import Clip

FORMATS = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
}
"""FFmpeg's name of the container to write, by suffix."""
COPIED = ("audio", "subtitle", "attachment")
OWN = {
    "major_brand", "minor_version", "compatible_brands", "encoder", "duration", "bps",
    "number_of_frames", "number_of_bytes", "vendor_id", "rotate",
}  # fmt: skip
"""Names of metadata, in lower case, that describe the original file and not its content."""


def write_clip(
    source: Path,
    target: Path,
    file: BinaryIO,
    clip: Clip,
    codec: Codec,
    quality: int,
    packets: Iterable[tuple[Packet, int]],
    max_megapixels: float,
) -> list[str]:
    """Write a clip to an open file; return remarks about what could not be kept.

    packets: of the pictures, in order, each with its length in ticks. Sound and subtitles are
    copied from `source` without change.
    """
    import av

    remarks: list[str] = []
    with opened_clip(source, max_megapixels) as (original, pictures):
        options = {"fflags": "+bitexact"}  # no random numbers
        format = FORMATS[target.suffix.lower()]
        if format in ("mp4", "mov"):
            options["movie_timescale"] = str(clip.tick.denominator)
        with av.open(file, "w", format=format, options=options) as container:
            stream = container.add_stream(codec.name, rate=Fraction(*clip.rate))
            configure(stream.codec_context, clip, codec, quality)
            stream.time_base = clip.tick
            stream.metadata.update(_metadata(pictures))
            copies = _copied_streams(original, pictures, container, target, remarks)
            container.metadata.update(_metadata(original))
            container.set_chapters(original.chapters())
            container.start_encoding()
            upcoming = iter(packets)
            waiting = next(upcoming, None)
            for other in _copied_packets(original, copies):
                time = other.dts * other.time_base
                while waiting is not None and waiting[0].pts * clip.tick <= time:
                    container.mux(_packet(waiting, stream, clip))
                    waiting = next(upcoming, None)
                container.mux(other)
            while waiting is not None:
                container.mux(_packet(waiting, stream, clip))
                waiting = next(upcoming, None)
    return remarks


def _packet(timed: tuple[Packet, int], stream: Any, clip: Clip) -> Any:
    """Return a packet of PyAV for a stream."""
    import av

    packet, duration = timed
    result = av.Packet(packet.content)
    result.pts = result.dts = packet.pts
    result.time_base, result.duration = clip.tick, duration
    result.is_keyframe = packet.key
    result.stream = stream
    return result


def _copied_streams(
    original: Any, pictures: Any, container: Any, target: Path, remarks: list[str]
) -> dict[int, Any]:
    """Add the streams that are copied; return them by the original's index."""
    copies = {}
    for stream in original.streams:
        if stream is pictures:
            continue
        name = getattr(stream.codec_context, "name", None) or "data"
        if stream.type in COPIED:
            try:
                copy = container.add_stream_from_template(stream)
            except ValueError:
                remarks.append(
                    f"{target.suffix} cannot hold {stream.type} of {name}, which is dropped: "
                    "choose .mkv"
                )
                continue
            copy.metadata.update(_metadata(stream))
            copy.disposition = stream.disposition
            copies[stream.index] = copy
        else:
            what = "a second stream of pictures" if stream.type == "video" else "a stream of data"
            remarks.append(f"{what} ({name}) is dropped")
    return copies


def _copied_packets(original: Any, copies: dict[int, Any]) -> Iterator[Any]:
    """Yield the packets of the copied streams, in the file's order, for the new streams."""
    streams: Sequence[Any] = [original.streams[index] for index in copies]
    if not streams:
        return
    for packet in original.demux(streams):
        if packet.dts is not None:  # the last ones of PyAV are empty
            packet.stream = copies[packet.stream_index]
            yield packet


def _metadata(part: Any) -> dict[str, str]:
    """Return the metadata of a file or stream that are also true for its translation."""
    return {
        key: value
        for key, value in part.metadata.items()
        if key.lower().split("-")[0] not in OWN and not key.startswith("_STATISTICS")
    }
