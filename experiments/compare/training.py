"""Train a recipe within a budget of time or steps."""

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
from gan.training.run_folder import is_held
from gan.training.schedule import RunLength

ROOT = Path(__file__).parents[2]
PILOTS = (10, 40)
"""Steps of two short trainings, which measure the time of the start and of a step."""
RUNNING: set[subprocess.Popen[bytes]] = set()
"""Trainings of this process."""
LOOKS = (0.1, 0.3)
"""Parts of a training after which its length is computed again from the time of its steps, because
short trainings are disturbed by other work. The learning rate is still constant there."""
SNAPSHOTS = 4
"""Number of generators that are kept during training, to find the best."""
Clock = Literal["processor", "wall"]
"""Processor time of a training and its child processes, or wall-clock time, for GPUs."""


@dataclass(frozen=True)
class Budget:
    """The length of each training: steps, or minutes if steps are 0."""

    minutes: float
    steps: int
    clock: Clock

    def __str__(self) -> str:
        """Return the budget as a text for the protocol."""
        if self.steps:
            return f"{self.steps} steps"
        return f"{self.minutes:g} minutes ({self.clock} time)"


@dataclass(frozen=True)
class Cost:
    """Seconds of a training's start, and of a step."""

    start: float
    step: float


@dataclass(frozen=True)
class Candidate:
    """A recipe: a file or a name, with changed keys."""

    text: str
    keys: Sequence[str]
    """Keys for all candidates, each KEY=VALUE."""

    @property
    def words(self) -> list[str]:
        """The words for the command line."""
        file, *own = self.text.split(",")
        return ["--config", file, *(f"--{key}" for key in (*self.keys, *own))]

    @property
    def name(self) -> str:
        """The name in tables."""
        file, *own = self.text.split(",")
        return ",".join([Path(file).stem, *own])


def train(words: Sequence[str], log: Path, clock: Clock) -> float:
    """Run train.py with these words; return the seconds of it and its child processes.

    ValueError with the last line of its log if it fails.
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
        RUNNING.add(process)
        _, status, usage = os.wait4(process.pid, 0)
        RUNNING.discard(process)
        process.returncode = os.waitstatus_to_exitcode(status)
    processor = usage.ru_utime + usage.ru_stime
    seconds = processor if clock == "processor" else time.monotonic() - began
    if process.returncode:
        lines = log.read_text().strip().splitlines() or ["no output"]
        raise ValueError(f"{log}: training ended with status {process.returncode}: {lines[-1]}")
    return seconds


def stop_trainings() -> None:
    """Tell this process's trainings to save and stop."""
    for process in list(RUNNING):
        process.terminate()


def cost(words: Sequence[str], folder: Path, clock: Clock) -> Cost:
    """Return the seconds of a start and of a step, from two short trainings in `folder`."""
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
    """Return the keys for a run of `steps` steps, with decay in the recipe's proportion."""
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
    """Train until the budget is used up; return steps and seconds.

    A stopped training is resumed, and the seconds of its parts are added. Steps that were saved by
    a call that was stopped count as the others do: that call's seconds are not known. ValueError if
    the training of a killed call still runs: its steps would be counted as this call's.
    """
    if is_held(folder / "run"):
        raise ValueError(
            f"{folder / 'run'}: another process trains into it, perhaps of a call that was killed: "
            "end it, or wait, and run the same command again"
        )
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
        # A continued training may plan more steps: then a look that it took comes a little later.
        if end <= done or (share < 1 and end < 2 * done):
            continue
        plan = [
            *length(config, steps, pairs),
            f"--train.max_steps={end}",
            "--run.allow_changes=true",
        ]
        began = max(done, _saved(folder / "run"))
        seconds = train(
            [*words, *plan, f"--run.dir={folder / 'run'}"], folder / "train.log", budget.clock
        )
        start = found.start if found else 0.0
        # After a stop only the rest of this part was timed. A small rest says little about a step.
        rest, part = end - began, end - done
        step = found.step if found and 2 * rest < part else max(seconds - start, 0.1) / max(1, rest)
        spent += seconds + (part - rest) * step
        if found and share < 1:
            found = Cost(start, step)
            steps = end + _steps_in(60 * budget.minutes - spent, found)
        done = end
        file.write_text(json.dumps({"done": done, "seconds": spent, "steps": steps}))
    return steps, spent


def _saved(run: Path) -> int:
    """Return the last step that a run has saved; 0 if there is none."""
    saved = (run / "state").glob("step-*/manifest.json")
    return max((int(file.parent.name.partition("-")[2]) for file in saved), default=0)


def _steps_in(seconds: float, cost: Cost) -> int:
    """Return the number of steps of a training in a time, including its start."""
    return max(1, round((seconds - cost.start) / cost.step))
