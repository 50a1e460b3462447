"""Run the doctor every train.doctor_every steps; print and record changes.

RUN/doctor.jsonl holds one JSON object a line: {"step", "window", "finding", "where", "value",
"limit", "advice"} for a new finding, {"step", "gone", "where"} for one that has disappeared.
"""

import json
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from torch import Tensor

from gan.domains import Domain
from gan.networks.layers import in_eval_mode
from gan.system.atomic import write_whole
from gan.training.doctor.doctor import Doctor, Examination
from gan.training.observers.base import Observer, RunContext
from gan.training.trackers import Tracker


class DoctorObserver(Observer):
    """Runs the doctor every train.doctor_every steps, on the main process only."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.doctor = Doctor(context.config.loss, context.config.train, context.config.optim)
        self.step = 0
        # RUN/doctor.jsonl, once entries after the present step are removed.
        self.path: Path | None = None
        self.images: dict[Domain, Tensor] | None = None

    def begin(self, step: int, tracker: Tracker | None) -> None:
        """Note the step from which the run continues; earlier steps may have had no doctor."""
        self.step = step

    def log(self, step: int, values: Mapping[str, float], tracker: Tracker | None) -> None:
        """Pass the values to the doctor, except those that are logged only because a run stops."""
        if step % self.context.config.train.log_every == 0:
            self.doctor.log(step, values)

    def observe(self, step: int, tracker: Tracker | None) -> None:
        """Examine translations of the test images, when an examination is due."""
        if tracker and self.path is None:
            self.path = _begin_record(self.context.run_dir, self.step)
        self.step = step
        if tracker and self.path and step % self.doctor.every == 0:
            self.report(step, self.examine(step), tracker, self.path)

    def examine(self, step: int) -> Examination:
        """Examine the run with its generators in eval mode; then restore their mode."""
        trainer = self.context.trainer
        self.images = self.images or self.context.test_images()
        with ExitStack() as modes:
            for network in trainer.frame.generators.values():
                modes.enter_context(in_eval_mode(network))
            return self.doctor.examine(step, *trainer.translations(self.images), self.images)

    def report(self, step: int, seen: Examination, tracker: Tracker, path: Path) -> None:
        """Log all signals; print and record what has changed."""
        tracker.scalars(step, {f"doctor/{n}_{at}": v for (n, at), v in seen.signals.items()})
        entries: list[dict[str, object]] = []
        for found in seen.found:
            tracker.text(step, "doctor/findings", f"{found.name}: {found.advice}")
            self.context.print_line(f"doctor, step {step}, {found.name}: {found.advice}")
            entries.append({
                "step": step, "window": found.window, "finding": found.name, "where": found.where,
                "value": found.value, "limit": found.limit, "advice": found.advice,
            })  # fmt: skip
        for old in seen.gone:
            self.context.print_line(f"doctor, step {step}: {old.name} {old.where} is gone")
            entries.append({"step": step, "gone": old.name, "where": old.where})
        with path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in entries)

    def state(self) -> dict[str, Any]:
        """Return the step and the doctor's state."""
        return {"step": self.step, "doctor": self.doctor.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore what state() returned; observe() then removes entries of later steps."""
        self.path = None
        if state:
            self.step = state["step"]
            self.doctor.restore(state["doctor"])


def _begin_record(folder: Path, step: int) -> Path:
    """Remove entries of later steps and torn lines from RUN/doctor.jsonl; return its path.

    The file is replaced as a whole, so that a killed run leaves either the old or the new one.
    """
    path = folder / "doctor.jsonl"
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    kept: list[str] = []
    for line in text.splitlines():
        with suppress(ValueError, KeyError, TypeError, OverflowError, RecursionError):
            if int(json.loads(line)["step"]) <= step:
                kept.append(f"{line}\n")
    write_whole(path, lambda file: file.writelines(line.encode() for line in kept))
    return path
