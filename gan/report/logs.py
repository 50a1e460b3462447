"""Read the TensorBoard scalars of a run, without superseded ones, and draw their charts."""

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
"""Largest size in bytes of an event with scalars; longer ones are pictures."""

GROUPS = {
    "adversarial": ("Adversarial", "Generators' loss for recognized translations."),
    "cycle": ("Cycle", "Distance of reconstructions from the images, times its weight."),
    "identity": ("Identity", "Change of images of the target domain, times its weight."),
    "perceptual_cycle": ("Perceptual cycle", "Reconstructions against originals, as features."),
    "perceptual": ("Perceptual", "Translations against originals, in feature maps."),
    "pixel": ("Pixels", "Results against the teacher's or, of a decoder, the photographs."),
    "nce": ("Contrast", "Contrastive loss of patches and their originals, times its weight."),
    "style": ("Style", "Translations against their new domain, in Gram matrices."),
    "tv": ("Total variation", "Differences of neighboring pixels in translations."),
    "discriminator": ("Discriminators", "Loss for wrong scores. If it stays as at the start, "
                      "they learn little; near zero, generators learn little."),
    "gradient_penalty": ("Gradient penalty", "How far the discriminators' slopes are from one."),
    "score": ("Scores", "Mean outputs of the discriminators. They separate real and fake as "
              "long as the two curves differ."),
    "gradient_norm": ("Gradients", "Norms, before clipping. Peaks are large steps."),
    "skipped": ("Skipped steps", "Steps without finite gradients: in total, and in a row."),
}  # fmt: skip
"""Titles and sentences, by the beginning of the scalars' names; the first match counts."""

PACE = {
    "images_per_second": (
        "Images per second",
        "Training images of all folders in a second.",
    ),
    "memory_gb": ("Memory", "Largest amount of memory in use so far, in GB."),
    "learning_rate": (
        "Learning rate",
        "Of the generators, after any cut that train.nonfinite made.",
    ),
}
"""Titles and sentences of scalars that have charts in another section, by name."""


class Point(NamedTuple):
    """A value and its step."""

    step: int
    value: float


@dataclass
class Session:
    """One start of the run: one event file."""

    begun: float
    ended: float
    """The times of the file's first and last entry, in seconds since 1970."""
    entries: list[tuple[float, int]] = field(default_factory=list)
    """Times and steps of the scalars."""


@dataclass(frozen=True)
class Log:
    """All scalars by name, ordered by step, and the sessions of the run."""

    scalars: dict[str, list[Point]] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)

    def last(self, name: str) -> float | None:
        """Return the newest value of a scalar, or None."""
        points = self.scalars.get(name)
        return points[-1].value if points else None

    def curve(self, name: str) -> Curve:
        """Return a scalar as a curve."""
        points = self.scalars[name]
        return Curve(name, [point.step for point in points], [point.value for point in points])

    @property
    def step(self) -> int:
        """The last logged step, or 0."""
        return max((points[-1].step for points in self.scalars.values() if points), default=0)

    @property
    def seconds(self) -> float:
        """Working time: from the first to the last entry of each session, in total."""
        return sum(session.ended - session.begun for session in self.sessions)

    def seconds_per_step(self) -> float | None:
        """Return the median time per step between successive entries of a session, or None."""
        paces = [
            (end - begun) / (last - first)
            for session in self.sessions
            for (begun, first), (end, last) in pairwise(session.entries)
            if last > first
        ]
        return sorted(paces)[len(paces) // 2] if paces else None


def read_log(folder: Path) -> Log:
    """Read the event files of a run's logs/; an incomplete event at the end is skipped.

    A run that resumes from step s logs that entries from step s + 1 on are superseded. A run that
    restores a state without a restart (train.nonfinite) logs the same steps twice. In both cases
    the newest entry counts.
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
    """Remove the points at `step` and later."""
    while points and points[-1].step >= step:
        points.pop()


def _events(path: Path) -> Iterator[Any]:
    """Yield the complete events of a file, without those that are as long as pictures.

    A record holds its length, a checksum of it, the event, and the event's checksum (TFRecord).
    TensorBoard's own loader is not used: its checksums in Python take 0.3 s a MB, minutes for a run
    with many samples.
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
            if len(record) < length + 4 or not event.wall_time:  # incomplete, or filled with zeros
                return
            yield event


def losses(log: Log) -> Markup:
    """Return charts of the logged groups as HTML; unknown scalars are collapsed at the end."""
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
    """Sort names of scalars into groups, in the order of GROUPS, unknown ones last."""
    groups: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in names:
        if name not in ("epoch", *PACE):
            known = (group for group in GROUPS if name == group or name.startswith(f"{group}_"))
            groups.setdefault(next(known, stem(name)), []).append(name)
    return {group: members for group, members in groups.items() if members}


def time_and_memory(log: Log) -> Markup:
    """Return the section about working times, speed and memory."""
    return render(
        "time.html",
        log=log,
        charts=[
            chart(title, about, [log.curve(name)], smooth=name == "images_per_second")
            for name, (title, about) in PACE.items()
            if log.scalars.get(name)
        ],
    )
