"""Read and write files of finished segments: packets, warping errors, and the last state."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan.inference.video.encoding import Packet
from gan.inference.video.painter import Errors
from gan.inference.video.shots import Segment
from gan.system.atomic import write_whole


def part_file(folder: Path, segment: Segment) -> Path:
    """Return the file of a segment's packets."""
    return folder / f"{segment.start:09}.part"


def state_file(folder: Path, frame: int) -> Path:
    """Return the file of the state before a frame."""
    return folder / f"{frame:09}.state"


def write_part(folder: Path, segment: Segment, packets: Sequence[Packet], errors: Errors) -> None:
    """Write the packets and warping errors of a finished segment."""
    facts = [(packet.pts, packet.key, len(packet.content)) for packet in packets]
    header = json.dumps({"errors": asdict(errors), "packets": facts}) + "\n"
    content = header.encode() + b"".join(packet.content for packet in packets)
    write_whole(part_file(folder, segment), lambda file: file.write(content))


def read_packets(folder: Path, segments: Sequence[Segment]) -> Iterator[Packet]:
    """Yield the packets of segments, one segment in memory at a time."""
    for segment in segments:
        with part_file(folder, segment).open("rb") as file:
            for pts, key, size in json.loads(file.readline())["packets"]:
                yield Packet(pts, key, file.read(size))


def read_errors(folder: Path, segments: Sequence[Segment]) -> Errors:
    """Return the sums of the segments' warping errors."""
    total = Errors()
    for segment in segments:
        with part_file(folder, segment).open("rb") as file:
            total.add(Errors(**json.loads(file.readline())["errors"]))
    return total


def write_state(folder: Path, frame: int, state: Mapping[str, NDArray[Any]]) -> None:
    """Write the state before a frame."""
    content = io.BytesIO()
    np.savez(content, **dict(state))  # type: ignore[arg-type]
    write_whole(state_file(folder, frame), lambda file: file.write(content.getvalue()))


def read_state(folder: Path, frame: int) -> dict[str, NDArray[Any]]:
    """Return the state before a frame."""
    with np.load(state_file(folder, frame), allow_pickle=False) as arrays:
        return dict(arrays)
