"""The lines that evaluation and the doctor leave behind, and where one of them is torn."""

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
"""The generators that a run leaves for use: neither the best nor those of past epochs."""


class Record(BaseModel):
    """A line of JSON; keys that we do not know are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Evaluation(Record):
    """A line of RUN/metrics.jsonl."""

    step: int
    time: str | None = None
    protocol: dict[str, Any] = {}
    metrics: dict[str, Metric]
    images: str | None = None
    """The file of its images' scores, below the run."""

    @property
    def models(self) -> list[str]:
        """The files that were evaluated; training, which evaluates what it has, names none."""
        models = self.protocol.get("models")
        found = models.values() if isinstance(models, dict) else ()
        return [str(model.get("file", "")) for model in found if isinstance(model, dict)]

    @property
    def settings(self) -> dict[str, str]:
        """The protocol by dotted keys."""
        return {name: str(value) for name, value in dotted(self.protocol)}

    def changed(self, change: Change) -> list[str]:
        """Return the names of the metrics that changed so, compared with the source images."""
        return [name for name, metric in self.metrics.items() if metric.change == change]


class Score(Record):
    """A line of RUN/evaluation/step-NNNNNNNN.jsonl: what one image was given."""

    direction: Direction
    file: InstanceOf[str]
    """Return a name as text: what is not UTF-8 in it stays as Python spells it."""
    scores: dict[str, float | None]


class Finding(Record):
    """A line of RUN/doctor.jsonl: that something was found, or that it is gone."""

    step: int
    where: str = ""
    finding: str | None = None
    gone: str | None = None
    window: tuple[int, int] | None = None
    value: float | None = None
    limit: float | None = None
    advice: str = ""


class Best(Record):
    """RUN/best.json: which generators a run has kept as the best."""

    step: int


R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Lines(Generic[R]):
    """The lines of a file that could be read, and a sentence about those that could not."""

    records: list[R]
    remark: str | None
    present: bool
    """Whether there is such a file."""


def read_lines(path: Path, kind: type[R]) -> Lines[R]:
    """Read a file of one JSON object a line; what is torn or of another kind is passed over."""
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
    what = f"{len(torn)} line{plural} passed over as torn or of another kind ({shown})"
    return Lines(records, f"{path.name}: {what}", True)


def best_step(run: Path) -> int | None:
    """Return the step that RUN/best.json names, where there is one."""
    return next((best.step for best in read_lines(run / "best.json", Best).records), None)


def found(records: list[Finding]) -> list[tuple[Finding, int | None]]:
    """Return the findings, open ones first, each with the step at which it had gone or None."""
    findings = [(f, _over(f, records[i + 1 :])) for i, f in enumerate(records) if f.finding]
    return sorted(findings, key=lambda pair: (pair[1] is not None, -pair[0].step))


def _over(finding: Finding, later: list[Finding]) -> int | None:
    """Return the step at which a finding had gone, or None."""
    gone = (f.step for f in later if (f.gone, f.where) == (finding.finding, finding.where))
    return next(gone, None)


def chosen(evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """Return the newest by training; else of the run's generators, or of any file."""
    by_training = [e for e in evaluations if not e.models]
    of_the_run = [e for e in evaluations if all(OWN.fullmatch(name) for name in e.models)]
    return next((found[-1] for found in (by_training, of_the_run, evaluations) if found), None)
