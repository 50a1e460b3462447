"""What a run logged: its TensorBoard scalars, without what a resumed run has overtaken."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from gan.report.chart import Curve

LONGEST = 65536
"""Bytes of an event that may be scalars; longer ones are pictures."""


class Point(NamedTuple):
    """A value, and the step of which it is."""

    step: int
    value: float


@dataclass
class Session:
    """One start of the run, which is one event file."""

    begun: float
    ended: float
    """Seconds since 1970: of the file's first and last entry."""
    entries: list[tuple[float, int]] = field(default_factory=list)
    """Times and steps of the scalars."""


@dataclass(frozen=True)
class Log:
    """All scalars by name, in the order of their steps, and when the run was at work."""

    scalars: dict[str, list[Point]] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)

    def last(self, name: str) -> float | None:
        """The newest value of a scalar."""
        points = self.scalars.get(name)
        return points[-1].value if points else None

    def curve(self, name: str) -> Curve:
        """A scalar as a line."""
        points = self.scalars[name]
        return Curve(name, [point.step for point in points], [point.value for point in points])

    @property
    def step(self) -> int:
        """The last step of which anything was logged, or 0."""
        return max((points[-1].step for points in self.scalars.values() if points), default=0)

    @property
    def seconds(self) -> float:
        """Time at work, from each start to the last entry that followed it."""
        return sum(session.ended - session.begun for session in self.sessions)

    def seconds_per_step(self) -> float | None:
        """The median, over the times between two entries of a session."""
        paces = [
            (end - begun) / (last - first)
            for session in self.sessions
            for (begun, first), (end, last) in pairwise(session.entries)
            if last > first
        ]
        return sorted(paces)[len(paces) // 2] if paces else None


def read_log(folder: Path) -> Log:
    """Read the event files of a run's logs/; a torn end is passed over.

    A run that goes on from step s has written that what it had logged from s + 1 on does not count;
    one that went back without a restart (train.nonfinite) has logged the same steps twice. The last
    word counts in both cases.
    """
    log = Log()
    for path in sorted(folder.glob("events.out.tfevents.*")):
        session = None
        for event in _events(path):
            session = session or Session(event.wall_time, event.wall_time)
            session.ended = event.wall_time
            if event.HasField("session_log"):
                for points in log.scalars.values():
                    _forget(points, event.step)
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    points = log.scalars.setdefault(value.tag, [])
                    _forget(points, event.step)
                    points.append(Point(event.step, value.simple_value))
                    session.entries.append((event.wall_time, event.step))
        if session:
            log.sessions.append(session)
    return log


def _forget(points: list[Point], step: int) -> None:
    """Drop what was logged from a step on."""
    while points and points[-1].step >= step:
        points.pop()


def _events(path: Path) -> Iterator[Any]:
    """The events of a file up to where it is torn, without those that are as long as pictures.

    A record is its length, a checksum of that, the event, and its checksum (TFRecord).
    TensorBoard's own loader computes the sums in Python, 0.3 s a MB: minutes, for many samples.
    """
    from google.protobuf.message import DecodeError  # imported late: nobody else has to wait
    from tensorboard.compat.proto.event_pb2 import Event

    with path.open("rb") as file:
        while len(head := file.read(12)) == 12:
            length = int.from_bytes(head[:8], "little")
            if length > LONGEST:
                file.seek(length + 4, os.SEEK_CUR)
                continue
            record = file.read(length + 4)
            try:
                event = Event.FromString(record[:length])
            except DecodeError:
                return
            if len(record) < length + 4 or not event.wall_time:  # torn, or filled up with zeros
                return
            yield event
