"""Measure the test folders at intervals during training, and keep the best generators."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gan.config.choices import Split
from gan.evaluation import Evaluation, Metric, Settings, evaluate, open_folders, open_instruments
from gan.evaluation.files import forget, write_evaluation
from gan.evaluation.folders import selection_split
from gan.evaluation.instruments import partial_judge
from gan.evaluation.measurable import measurable
from gan.evaluation.table import brief
from gan.metrics.intervals import ERRORS
from gan.networks.files import read_about
from gan.system.atomic import write_whole
from gan.system.text import nearest
from gan.training.accelerator import processes_of
from gan.training.observers.base import Observer, RunContext
from gan.training.trackers import Tracker

BEST = "best.json"
"""Name of the file that holds the step of the best generators and their metric."""


@dataclass(frozen=True)
class Mark:
    """A metric's value at a step, with its interval."""

    step: int
    value: float
    low: float | None
    high: float | None

    def text(self) -> str:
        """Return the value and its interval as text."""
        interval = "" if self.low is None else f" [{self.low:.4g}, {self.high:.4g}]"
        return f"{self.value:.4g}{interval} at step {self.step}"


class EvaluationObserver(Observer):
    """Measures the exported generators, keeps the best by evaluate.best, ends runs on a plateau.

    It changes no weight and does not draw from the global random state: training gives the same
    numbers without it.
    """

    def __init__(self, context: RunContext) -> None:
        self.context, self.config = context, context.config.evaluate
        self.processes = processes_of(context.accelerator)
        self.instruments = open_instruments(
            self.config.features,
            self.config.weights,
            context.accelerator.device,
            "evaluate.",
            {"alexnet": self.config.lpips_alex, "vgg16": self.config.lpips_vgg},
        )
        data = context.config.data
        self.split: Split = self.processes.once(lambda: selection_split(data))
        self.folders = self.processes.once(
            lambda: open_folders(data, self.split, max_images=self.config.max_images)
        )
        # Report what cannot be measured before anything is measured.
        best, directions = self.config.best, tuple(context.trainer.frame.generators)
        names = measurable(directions, self.folders, context.config.data, self.instruments)
        if best and best not in names:
            raise ValueError(
                f"evaluate.best: {best} is not measured here{nearest(best, names)}; "
                f"measured are: {', '.join(names)}"
            )
        # The best value so far, and the one that a clearly better one must beat.
        self.best: Mark | None = None
        self.standard: Mark | None = None
        self.without_progress = 0
        # Per-image values that the standard's standard error is computed from.
        self.deviations: tuple[float, ...] = ()
        # Whether metrics.jsonl may hold entries after the present step.
        self.overtaken = True

    def begin(self, step: int, tracker: Tracker | None) -> None:
        """Delete entries of later steps, find the best generators so far; at step 0, evaluate.

        The evaluation at step 0 shows early which metrics cannot be measured.
        """
        self.drop_later(step or -1, tracker)
        self.best = self.processes.once(self.kept)
        if step == 0:
            self.measure(step, tracker)

    def kept(self) -> Mark | None:
        """Return the mark of the best generators; None if their files are missing or damaged.

        best.json may be newer than the training state. Its mark counts if the files are of its
        step; otherwise the state's mark counts, and best.json is repaired.
        """
        if self.best is None:
            return None
        folder, generators = self.context.run_dir, self.context.trainer.frame.generators
        steps = {
            str(read_about(folder / f"gen_{direction}-best.safetensors").get("step"))
            for direction in generators
        }
        noted = _read_best(folder, self.config.best)
        if noted and steps == {str(noted.step)}:
            return noted
        if steps == {str(self.best.step)}:
            self.context.print_line(
                f"{folder / BEST}: damaged, missing or of another step; written again"
            )
            self.note(self.best)
            return self.best
        self.context.print_line(
            f"{folder}: the best generators, of step {self.best.step}, are damaged or missing: "
            "the search for the best starts again here"
        )
        return None

    def note(self, mark: Mark) -> None:
        """Write a mark into best.json."""
        text = json.dumps({"metric": self.config.best} | asdict(mark)) + "\n"
        write_whole(self.context.run_dir / BEST, lambda file: file.write(text.encode()))

    def drop_later(self, step: int, tracker: Tracker | None) -> None:
        """Delete entries after `step`, from which the run continues, once per restored state."""
        if tracker and self.overtaken:
            forget(self.context.run_dir, step)
        self.overtaken = False

    def observe(self, step: int, tracker: Tracker | None) -> None:
        """Measure if an evaluation is due, and keep the generators if they are the best so far."""
        self.drop_later(step - 1, tracker)
        if not self.context.length.due(step, self.config.every or step + 1):
            return
        evaluation = self.measure(step, tracker)
        if evaluation and self.config.best:
            self.compare(step, evaluation.metrics[self.config.best], tracker)

    def measure(self, step: int, tracker: Tracker | None) -> Evaluation | None:
        """Evaluate, print and record a step; if that fails, print why and return None.

        At step 0 the ValueError is raised instead.
        """
        generators = self.context.trainer.frame.generators
        try:
            evaluation = evaluate(
                generators,
                self.folders,
                self.context.config.data,
                Settings(
                    tuple(generators),
                    self.config.batch_size,
                    self.context.config.run.seed,
                    self.config.resamples,
                ),
                self.instruments,
                self.processes,
            )
        except ValueError as error:
            if step == 0:
                raise
            self.context.print_line(f"step {step}: not evaluated: {error}")
            return None
        self.check(step, evaluation)
        if tracker:
            self.write(step, evaluation, tracker)
        return evaluation

    def check(self, step: int, evaluation: Evaluation) -> None:
        """Print the metrics, and at step 0 the notes.

        ValueError if evaluate.patience is set and the metric evaluate.best has no interval.
        """
        frozen = self.context.config.frozen_networks
        partial = partial_judge(self.config.features, frozen, "evaluate.")
        for note in (*evaluation.notes, *partial) if step == 0 else ():
            self.context.print_line(f"evaluation: {note}")
        best = self.config.best
        if best and self.split == "test" and step == 0:
            self.context.print_line(
                "evaluate.best chooses generators by the test images, so their scores will be too "
                "good: add folders valA and valB to data.root to choose by those"
            )
        self.context.print_line(f"evaluation, step {step}: {brief(evaluation.metrics, best)}")
        if self.config.patience and best and evaluation.metrics[best].low is None:
            raise ValueError(
                f"evaluate.patience compares intervals, but {best} has none: "
                f"{evaluation.metrics[best].warning}; remove patience, or measure more images"
            )

    def write(self, step: int, evaluation: Evaluation, tracker: Tracker) -> None:
        """Write the evaluation into metrics.jsonl, evaluation/ and TensorBoard."""
        precision = self.context.config.train.precision.replace("tf32", "fp32")  # see evaluate
        evaluation = evaluation.of_model({"precision": precision})
        write_evaluation(
            self.context.run_dir, step, self.context.length.epochs_done(step), evaluation
        )
        tracker.scalars(
            step, {f"evaluate/{name}": metric.value for name, metric in evaluation.metrics.items()}
        )

    def compare(self, step: int, metric: Metric, tracker: Tracker | None) -> None:
        """Keep these generators if they are the best; count evaluations without clear progress."""
        sign = 1 if metric.better == "lower" else -1
        mark = Mark(step, metric.value, metric.low, metric.high)
        if self.best is None or sign * mark.value < sign * self.best.value:
            self.best = mark
            self.context.keep(step, "-best")
            if tracker:
                self.note(mark)
        if self.standard is None or clearly_better(metric, self.standard, self.deviations):
            self.standard, self.without_progress = mark, 0
            self.deviations = metric.deviations
        else:
            self.without_progress += 1
        if step == self.context.length.stop or self.ended():
            self.context.print_line(
                f"{self.config.best}: last {mark.text()}; best {self.best.text()}"
            )

    def ended(self) -> str | None:
        """Return a reason to end the run before its last step, or None."""
        patience = self.config.patience
        if patience is None or self.without_progress < patience or self.standard is None:
            return None
        return (
            f"{self.config.best} has not become clearly better for {self.without_progress} "
            f"evaluations, since step {self.standard.step} (evaluate.patience)"
        )

    def state(self) -> dict[str, Any]:
        """Return the state that resuming requires."""
        return {
            "metric": self.config.best,
            "best": asdict(self.best) if self.best else None,
            "standard": asdict(self.standard) if self.standard else None,
            "without_progress": self.without_progress,
            "deviations": list(self.deviations),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore what state() returned; begin without a best if evaluate.best has changed."""
        self.overtaken = True
        if state.get("metric") != self.config.best:
            state = {}
        self.best, self.standard = (
            Mark(**state[name]) if state.get(name) else None for name in ("best", "standard")
        )
        self.without_progress = state.get("without_progress", 0)
        self.deviations = tuple(state.get("deviations", ()))


def _read_best(folder: Path, metric: str | None) -> Mark | None:
    """Return the mark in best.json if the file is complete and names `metric`, else None."""
    try:
        record = json.loads((folder / BEST).read_text(encoding="utf-8"))
        return Mark(**record) if record.pop("metric") == metric else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def clearly_better(metric: Metric, standard: Mark, deviations: Sequence[float]) -> bool:
    """Return whether a metric is clearly better than the standard, by paired differences.

    deviations are the images' contributions to the standard's error. If their number differs from
    the metric's, or if they are missing, as in older states, the standard's interval decides.
    """
    sign = 1 if metric.better == "lower" else -1
    gain = sign * (standard.value - metric.value)
    if not deviations or len(deviations) != len(metric.deviations):
        end = standard.low if sign == 1 else standard.high  # the better one of its interval
        beyond = standard.value if end is None or math.isnan(end) else end
        return gain > sign * (standard.value - beyond)
    pairs = zip(metric.deviations, deviations, strict=True)
    return gain > ERRORS * math.sqrt(sum((ours - theirs) ** 2 for ours, theirs in pairs))
