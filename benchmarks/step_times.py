"""An observer that writes when each step of a run ended: `--extend benchmarks.step_times`.

Each process writes RUN/steps-PROCESS.txt: the time at which the process was created, then one time
for each step, in seconds since 1970. Reading them costs a training nothing that can be measured.
"""

import time
from pathlib import Path

import psutil

import gan
from gan.config.tables.observers import OBSERVERS
from gan.training.observers.base import Observer, RunContext
from gan.training.trackers import Tracker

NAME = "step_times"


class StepTimes(Observer):
    """Writes a line after each step."""

    def __init__(self, context: RunContext) -> None:
        self.path = times_file(context.run_dir, context.accelerator.process_index)

    def begin(self, step: int, tracker: Tracker | None) -> None:
        """Replace the file of an earlier start."""
        self.path.write_text(f"{psutil.Process().create_time()}\n")

    def observe(self, step: int, tracker: Tracker | None) -> None:
        """Write the present time."""
        with self.path.open("a") as file:
            file.write(f"{time.time()}\n")


def times_file(run: Path, process: int) -> Path:
    """Return the path of a process's file."""
    return run / f"steps-{process}.txt"


if NAME not in OBSERVERS:
    gan.register_observer(NAME, StepTimes)
