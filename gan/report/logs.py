"""What a run logged: its TensorBoard scalars, without what a resumed run has overtaken; charts."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from gan.config.tables.tags import name_of
from gan.domains import stem
from gan.report.chart import Curve, chart
from gan.report.html import render

LONGEST = 65536
"""Bytes of an event that may be scalars; longer ones are pictures."""

GROUPS = {
    "adversarial": ("Adversarial", "What generators pay for translations that are found out."),
    "cycle": ("Cycle", "There and back: distance of reconstructions, times its weight."),
    "identity": ("Identity", "Change of images of the target domain, times its weight."),
    "perceptual_cycle": ("Perceptual cycle", "Reconstructions against originals, as features."),
    "perceptual": ("Perceptual", "Translations against originals, in feature maps."),
    "nce": ("Contrast", "How well originals tell patches of their translations, times its weight."),
    "style": ("Style", "Translations against their new domain, in Gram matrices."),
    "tv": ("Total variation", "How rough the translations are."),
    "discriminator": ("Discriminators", "What they pay for mistakes. Near its start: they learn "
                      "little; near zero: generators learn little."),
    "gradient_penalty": ("Gradient penalty", "How far the discriminators are from slope one."),
    "score": ("Scores", "Mean outputs of the discriminators. They can tell as long as real and "
              "fake lie apart."),
    "gradient_norm": ("Gradients", "Norms, before any clipping. Peaks are steps that went far."),
    "skipped": ("Skipped steps", "Steps without finite gradients: in all, and in a row."),
}  # fmt: skip
"""By the beginning of the scalars' names; the first that fits counts."""

PACE = {
    "images_per_second": (
        "Images per second",
        "Real images of all folders that a second takes in.",
    ),
    "memory_gb": ("Memory", "Largest amount of memory in use so far, in GB."),
    "learning_rate": (
        "Learning rate",
        "Of the generators, after any cut that train.nonfinite made.",
    ),
}
"""Separate charts, by the scalars' names."""


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
    """All scalars by name, whatever their tags, in the order of their steps, and when the run was
    at work."""

    scalars: dict[str, list[Point]] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)

    def last(self, name: str) -> float | None:
        """Return the newest value of a scalar."""
        points = self.scalars.get(name)
        return points[-1].value if points else None

    def curve(self, name: str) -> Curve:
        """Return a scalar as a line."""
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
        """Return the median, over the times between two entries of a session."""
        paces = [
            (end - begun) / (last - first)
            for session in self.sessions
            for (begun, first), (end, last) in pairwise(session.entries)
            if last > first
        ]
        return sorted(paces)[len(paces) // 2] if paces else None


def read_log(folder: Path) -> Log:
    """Read the event files of a run's logs/; a torn end is passed over.

    A run that continues from step s has written that what it had logged from s + 1 on does not
    count; one that went back without a restart (train.nonfinite) has logged the same steps twice.
    The last word counts in both cases.
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
                    points = log.scalars.setdefault(name_of(value.tag), [])
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
    """Yield the events of a file up to where it is torn, without those that are as long as
    pictures.

    A record is its length, a checksum of that, the event, and its checksum (TFRecord).
    TensorBoard's own loader computes the sums in Python, 0.3 s a MB: minutes, for many samples.
    """
    from google.protobuf.message import DecodeError  # imported late: slow, and only needed here
    from tensorboard.compat.proto.event_pb2 import Event

    with path.open("rb") as file, suppress(DecodeError):
        while len(head := file.read(12)) == 12:
            length = int.from_bytes(head[:8], "little")
            if length > LONGEST:
                file.seek(length + 4, os.SEEK_CUR)
                continue
            record = file.read(length + 4)
            event = Event.FromString(record[:length])
            if len(record) < length + 4 or not event.wall_time:  # torn, or filled up with zeros
                return
            yield event


def losses(log: Log) -> Markup:
    """Return charts of the logged groups; what belongs to none is folded away."""
    groups = in_groups([name for name, points in log.scalars.items() if points])
    known, others = [], []
    for group, names in groups.items():
        curves = [log.curve(name) for name in names]
        if group not in GROUPS:
            others.append(chart(group, "", curves))
        elif group != "skipped" or any(any(curve.values) for curve in curves):
            known.append(chart(*GROUPS[group], curves))
    return render("losses.html", groups=groups, known=known, others=others)


def in_groups(names: Iterable[str]) -> dict[str, list[str]]:
    """Return names of scalars by their group, groups in the order of GROUPS, unknown ones last."""
    groups: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in names:
        if name not in ("epoch", *PACE):
            known = (group for group in GROUPS if name == group or name.startswith(f"{group}_"))
            groups.setdefault(next(known, stem(name)), []).append(name)
    return {group: members for group, members in groups.items() if members}


def time_and_memory(log: Log) -> Markup:
    """Return when the run was at work, how fast, and with how much memory."""
    return render(
        "time.html",
        log=log,
        charts=[
            chart(title, about, [log.curve(name)], smooth=name == "images_per_second")
            for name, (title, about) in PACE.items()
            if log.scalars.get(name)
        ],
    )
