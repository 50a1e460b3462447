"""Read the JSON lines that evaluations and the doctor wrote, and report unreadable ones."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, InstanceOf

from gan.config.choices import Change
from gan.domains import Direction
from gan.evaluation.records import Metric
from gan.system.text import dotted

OWN = re.compile(r"gen_(ab|ba)\.safetensors")
"""Names of the generators that a run exports at its end; not of the best or of past epochs."""


class Record(BaseModel):
    """A line of JSON; unknown keys are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Evaluation(Record):
    """A line of RUN/metrics.jsonl."""

    step: int
    time: str | None = None
    protocol: dict[str, Any] = {}
    metrics: dict[str, Metric]
    images: str | None = None
    """Path of the file with the scores of the evaluated images, relative to the run's folder."""

    @property
    def models(self) -> list[str]:
        """The names of the evaluated files; empty for evaluations during training."""
        models = self.protocol.get("models")
        found = models.values() if isinstance(models, dict) else ()
        return [str(model.get("file", "")) for model in found if isinstance(model, dict)]

    @property
    def settings(self) -> dict[str, str]:
        """The protocol's values as text, by dotted key."""
        return {name: str(value) for name, value in dotted(self.protocol)}

    def changed(self, change: Change) -> list[str]:
        """Return the names of the metrics that are better or worse (`change`) than the sources'."""
        return [name for name, metric in self.metrics.items() if metric.change == change]


class Score(Record):
    """A line of RUN/evaluation/step-NNNNNNNN.jsonl: the scores of one image."""

    direction: Direction
    file: InstanceOf[str]
    """The image's file name; bytes that are not UTF-8 are surrogates, as in Python's paths."""
    scores: dict[str, float | None]


class Finding(Record):
    """A line of RUN/doctor.jsonl: a new finding (`finding`), or one that disappeared (`gone`)."""

    step: int
    where: str = ""
    finding: str | None = None
    gone: str | None = None
    window: tuple[int, int] | None = None
    value: float | None = None
    limit: float | None = None
    advice: str = ""


class Best(Record):
    """The content of RUN/best.json: the step of the best generators."""

    step: int


R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Lines(Generic[R]):
    """The readable lines of a file, and a remark on what could not be read, or None."""

    records: list[R]
    remark: str | None
    present: bool
    """Whether the file exists."""


def read_lines(path: Path, kind: type[R]) -> Lines[R]:
    """Read a file of one JSON object a line; skip lines that are torn or of another kind.

    The remark says which were skipped, or why the file could not be read; it is None for a file
    that is missing or has only good lines.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return Lines([], None, False)
    except OSError as error:
        return Lines([], f"{path.name}: {error.strerror}", True)
    records, torn = [], []
    for number, line in enumerate(lines, start=1):
        try:
            if line.strip():
                records.append(kind.model_validate(json.loads(line)))
        except (ValueError, RecursionError):
            torn.append(number)
    if not torn:
        return Lines(records, None, True)
    shown = ", ".join(map(str, torn[:10])) + (", …" if len(torn) > 10 else "")
    plural = "s" if len(torn) > 1 else ""
    what = f"{len(torn)} line{plural} skipped as torn or of another kind ({shown})"
    return Lines(records, f"{path.name}: {what}", True)


def best_step(run: Path) -> int | None:
    """Return the step in RUN/best.json, or None."""
    return next((best.step for best in read_lines(run / "best.json", Best).records), None)


def found(records: list[Finding]) -> list[tuple[Finding, int | None]]:
    """Return pairs (finding, step at which it ended or None): open ones first, then the newest."""
    findings = [(f, _over(f, records[i + 1 :])) for i, f in enumerate(records) if f.finding]
    return sorted(findings, key=lambda pair: (pair[1] is not None, -pair[0].step))


def _over(finding: Finding, later: list[Finding]) -> int | None:
    """Return the step at which a finding ended, or None."""
    gone = (f.step for f in later if (f.gone, f.where) == (finding.finding, finding.where))
    return next(gone, None)


def chosen(evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """Return the newest evaluation during training; None if there are no evaluations at all.

    If there is none during training, return the newest one of the run's final generators, or else
    of any file.
    """
    by_training = [e for e in evaluations if not e.models]
    of_the_run = [e for e in evaluations if all(OWN.fullmatch(name) for name in e.models)]
    return next((found[-1] for found in (by_training, of_the_run, evaluations) if found), None)
