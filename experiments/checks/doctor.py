"""Train a healthy run with the doctor, and print its findings and the range of every signal.

python -m experiments.checks.doctor --root datasets/demo --folder /tmp/doctor
python -m experiments.checks.doctor --root datasets/demo --folder /tmp/doctor --set+=run.seed=1

The exit status is 1 if there are findings.
"""

import math
import sys
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import auto_cli

from gan.config import Config
from gan.config.tables.findings import FAULTS
from gan.system.signals import Interruption
from gan.training import Run
from gan.training.doctor.doctor import Examination
from gan.training.observers.doctor import DoctorObserver

RECIPE = Path(__file__).parents[2] / "configs" / "small.yaml"


def check(
    root: Path, folder: Path, steps: int = 500, every: int = 100, set: list[str] | None = None
) -> int:
    """Train the small recipe and print the results of its doctor.

    Args:
        root: Folder with trainA, trainB, testA and testB.
        folder: Run directory, empty or to be resumed.
        steps: Number of steps.
        every: Value of train.doctor_every.
        set: More keys, each as section.key=value.
    """
    sections: dict[str, dict[str, Any]] = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
    keys = {
        "data.root": root, "data.workers": 0, "run.dir": folder, "run.device": "cpu",
        "train.max_steps": steps, "train.doctor_every": every, "train.sample_every": steps,
    }  # fmt: skip
    given = (text.split("=", 1) for text in set or [])
    for key, value in [*keys.items(), *((key, yaml.safe_load(text)) for key, text in given)]:
        section, name = key.split(".")
        sections.setdefault(section, {})[name] = value
    with Interruption() as interruption:
        seen = train(Run(Config.model_validate(sections), interruption))
    show(seen)
    return int(any(window.found for window in seen))


def train(run: Run) -> list[Examination]:
    """Train to the end; return all examinations of the doctor."""
    doctor_observer, seen = run.observers["doctor"], []
    assert isinstance(doctor_observer, DoctorObserver)
    examine = doctor_observer.examine

    def noted(step: int) -> Examination:
        seen.append(examine(step))
        return seen[-1]

    doctor_observer.examine = noted  # type: ignore[method-assign]
    run.fit()
    return seen


def show(seen: list[Examination]) -> None:
    """Print a line for every signal: its place, range over the windows, limit and values."""
    for name, fault in FAULTS.items():
        for where in sorted({at for window in seen for kind, at in window.signals if kind == name}):
            values = [window.signals.get((name, where), math.nan) for window in seen]
            known = [value for value in values if not math.isnan(value)]
            print(
                f"{name:13} {where:14} {min(known):8.3f} to {max(known):8.3f}, a fault "
                f"{'below' if fault.below else 'above'} {fault.limit:g}; "
                f"by window: {' '.join(f'{value:.3g}' for value in values)}"
            )
    names: list[str] = [finding.name for window in seen for finding in window.found]
    print(f"{len(seen)} windows, found: {', '.join(names) or 'nothing'}")


if __name__ == "__main__":
    sys.exit(auto_cli(check, as_positional=False))
