"""Hold the result of an evaluation; docs/evaluating.md describes the files that store it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from gan.config.choices import Better, Change


@dataclass(frozen=True)
class Unchanged:
    """A metric of the source images, as a baseline: the value of doing nothing."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Metric:
    """A metric's value with its 95 % interval; low and high are None without resamples.

    `gan report` reads it from metrics.jsonl: only the value is required.
    """

    value: float
    low: float | None = None
    high: float | None = None
    count: int | None = None
    """Number of measured images or pairs."""
    better: Better = "lower"
    unchanged: Unchanged | None = None
    change: Change | None = None
    """Change from the source images, by the interval of the paired difference."""
    warning: str | None = None
    deviations: tuple[float, ...] = field(default=(), repr=False)
    """Each image's part of the standard error, to compare evaluations; not written to files."""


@dataclass(frozen=True)
class ImageScores:
    """The scores of one source image: a line of evaluation/step-NNNNNNNN.jsonl."""

    direction: str
    file: str
    """Path relative to the image folder."""
    scores: dict[str, float]


@dataclass(frozen=True)
class Evaluation:
    """All metrics by name, with their protocol."""

    metrics: dict[str, Metric]
    protocol: dict[str, Any]
    images: tuple[ImageScores, ...]
    notes: tuple[str, ...]
    """Skipped metrics and images with reasons, and warnings."""

    def of_model(self, protocol: dict[str, Any], notes: Sequence[str] = ()) -> "Evaluation":
        """Return a copy with facts about the model in the protocol and the notes."""
        return replace(self, protocol=protocol | self.protocol, notes=(*self.notes, *notes))

    def record(self) -> dict[str, Any]:
        """Return the content of a line of metrics.jsonl."""
        numbers = {name: asdict(metric) for name, metric in self.metrics.items()}
        for number in numbers.values():
            del number["deviations"]
        return {"protocol": self.protocol, "metrics": numbers}
