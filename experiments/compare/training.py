"""Trains a recipe within a budget: time, or steps."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gan.config import Config
from gan.training.schedule import RunLength

ROOT = Path(__file__).parents[2]
PILOTS = (10, 40)
"""Steps of the two short trainings that tell what starting costs, and what a step."""
LOOKS = (0.1, 0.3)
"""Shares of a training after which its length follows from what its own steps have cost: short
ones tell little where other work comes and goes. At a constant learning rate, in all recipes."""
SNAPSHOTS = 4
"""Generators that are kept on the way, so that the best can be told from the last."""


Clock = Literal["processor", "wall"]
"""The processor's time, of a training and of its children, or that on the wall: for GPUs."""


@dataclass(frozen=True)
class Budget:
    """What each training may take: minutes, or steps where they are not 0."""

    minutes: float
    steps: int
    clock: Clock

    def __str__(self) -> str:
        """Return it for the protocol."""
        if self.steps:
            return f"{self.steps} steps"
        return f"{self.minutes:g} minutes ({self.clock} time)"


@dataclass(frozen=True)
class Cost:
    """Seconds."""

    start: float
    step: float


@dataclass(frozen=True)
class Candidate:
    """A recipe: a file or a name, and keys that differ from it."""

    text: str
    keys: Sequence[str]
    """For all candidates alike, KEY=VALUE each."""

    @property
    def words(self) -> list[str]:
        """Return the words for the command line."""
        file, *own = self.text.split(",")
        return ["--config", file, *(f"--{key}" for key in (*self.keys, *own))]

    @property
    def name(self) -> str:
        """Return what tables call it."""
        file, *own = self.text.split(",")
        return ",".join([Path(file).stem, *own])


def train(words: Sequence[str], log: Path, clock: Clock) -> float:
    """Run train.py with these words; return the seconds of it and of its children.

    ValueError with the last line of its log where it fails.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    began = time.monotonic()
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "train.py"), *words],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    processor = usage.ru_utime + usage.ru_stime
    seconds = processor if clock == "processor" else time.monotonic() - began
    if process.returncode:
        lines = log.read_text().strip().splitlines() or ["no output"]
        raise ValueError(f"{log}: training ended with status {process.returncode}: {lines[-1]}")
    return seconds


def cost(words: Sequence[str], folder: Path, clock: Clock) -> Cost:
    """Measure what starting and a step take: two short trainings, kept in `folder`."""
    file = folder / "cost.json"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        few, many = (
            train(
                [*words, f"--run.dir={folder / f'pilot-{steps}'}", f"--train.max_steps={steps}"],
                folder / "pilot.log",
                clock,
            )
            for steps in PILOTS
        )
        step = (many - few) / (PILOTS[1] - PILOTS[0])
        file.write_text(json.dumps({"start": max(0.0, few - PILOTS[0] * step), "step": step}))
    return Cost(**json.loads(file.read_text()))


def length(config: Config, steps: int, pairs: int) -> list[str]:
    """Return the keys that make a run so many steps long, its parts in the recipe's proportions."""
    train = config.train
    share = train.decay_epochs / (train.epochs + train.decay_epochs)
    per_step = RunLength(train, pairs).pairs_per_step
    epochs = -(-steps * per_step // pairs)
    decay = min(epochs - 1, round(epochs * share))
    keep = -(-epochs // SNAPSHOTS)
    return [
        f"--train.epochs={epochs - decay}",
        f"--train.decay_epochs={decay}",
        f"--train.max_steps={steps}",
        f"--train.keep_every={keep}",
        f"--train.sample_every={steps}",
        f"--train.checkpoint_every={max(1, steps // 4)}",
    ]


def train_within(
    words: Sequence[str], config: Config, pairs: int, folder: Path, budget: Budget
) -> tuple[int, float]:
    """Train until the budget is spent; return steps and seconds.

    A training that was stopped is resumed, the seconds of its parts are added up.
    """
    file = folder / "spent.json"
    known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    done: int = known.get("done", 0)
    spent: float = known.get("seconds", 0.0)
    found = None if budget.steps else cost(words, folder, budget.clock)
    steps: int = budget.steps or known.get("steps", 0)
    if found and not steps:
        steps = _steps_in(60 * budget.minutes, found)
    for share in (*(LOOKS if found else ()), 1):
        end = max(1, round(share * steps))
        if end <= done:
            continue
        plan = [
            *length(config, steps, pairs),
            f"--train.max_steps={end}",
            "--run.allow_changes=true",
        ]
        seconds = train(
            [*words, *plan, f"--run.dir={folder / 'run'}"], folder / "train.log", budget.clock
        )
        spent += seconds
        if found and share < 1:
            found = Cost(found.start, max(seconds - found.start, 0.1) / (end - done))
            steps = end + _steps_in(60 * budget.minutes - spent, found)
        done = end
        file.write_text(json.dumps({"done": done, "seconds": spent, "steps": steps}))
    return steps, spent


def _steps_in(seconds: float, cost: Cost) -> int:
    """Return how many steps a training makes in a time, its start included."""
    return max(1, round((seconds - cost.start) / cost.step))
