"""What an evaluation returns; docs/evaluating.md describes the files that hold it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from gan.config.choices import Better, Change


@dataclass(frozen=True)
class Unchanged:
    """A metric of the source images themselves: what doing nothing is worth."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Metric:
    """A number with its 95 % interval; low and high are None where none was drawn.

    `gan report` reads it from metrics.jsonl: only the value must be there.
    """

    value: float
    low: float | None = None
    high: float | None = None
    count: int | None = None
    """Images, or pairs, that were measured."""
    better: Better = "lower"
    unchanged: Unchanged | None = None
    change: Change | None = None
    """Against doing nothing, by the interval of the paired difference."""
    warning: str | None = None
    deviations: tuple[float, ...] = field(default=(), repr=False)
    """What each image adds to the standard error, to compare with another time: not written."""


@dataclass(frozen=True)
class ImageScores:
    """The numbers of one source image: a line of evaluation/step-NNNNNNNN.jsonl."""

    direction: str
    file: str
    """Relative to its folder."""
    scores: dict[str, float]


@dataclass(frozen=True)
class Evaluation:
    """All numbers, by name, with what they rest on."""

    metrics: dict[str, Metric]
    protocol: dict[str, Any]
    images: tuple[ImageScores, ...]
    notes: tuple[str, ...]
    """What was skipped and why, and warnings."""

    def of_model(self, protocol: dict[str, Any], notes: Sequence[str] = ()) -> "Evaluation":
        """Return it with what the protocol and the notes say of the model."""
        return replace(self, protocol=protocol | self.protocol, notes=(*self.notes, *notes))

    def record(self) -> dict[str, Any]:
        """Return what a line of metrics.jsonl says of it."""
        numbers = {name: asdict(metric) for name, metric in self.metrics.items()}
        for number in numbers.values():
            del number["deviations"]
        return {"protocol": self.protocol, "metrics": numbers}
