"""The protocol of observers, and the facts about the run that they receive."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol

from accelerate import Accelerator
from torch import Tensor

from gan.config import Config
from gan.config.table import load
from gan.config.tables.observers import OBSERVERS
from gan.domains import Domain
from gan.training.dataset import TrainingData
from gan.training.feed import LoaderWait
from gan.training.recipes.base import Recipe
from gan.training.schedule import RunLength
from gan.training.trackers import Tracker


@dataclass(frozen=True)
class RunContext:
    """What an observer receives from its run."""

    config: Config
    trainer: Recipe
    accelerator: Accelerator
    data: TrainingData
    length: RunLength
    print_line: Callable[[str], None]
    """Prints one line, once for all processes."""
    keep: Callable[[int, str], None]
    """Exports the generators; takes the present step and a suffix for the file names."""
    waits: LoaderWait
    """Time spent waiting for images."""

    def test_images(self) -> dict[Domain, Tensor]:
        """Return the fixed test images of each domain, on the device, (N, C, H, W) in [-1, 1]."""
        return self.data.test_images(self.accelerator.device)

    @property
    def run_dir(self) -> Path:
        """The folder of the run."""
        return self.config.run.dir


class Observer(Protocol):
    """Acts between the steps of a run; the loop calls its methods on all processes.

    Observers inherit from this class and override the methods that they need. Only the main process
    has a tracker.
    """

    def begin(self, step: int, tracker: Tracker | None) -> None:
        """Prepare, before the first step of this process; `step` steps are done already.

        The tracker is None on all processes but the main one.
        """
        return None

    def log(self, step: int, values: Mapping[str, float], tracker: Tracker | None) -> None:
        """Receive `values`, scalars by name, of a step that is logged (train.log_every).

        The tracker is None on all processes but the main one.
        """
        return None

    def observe(self, step: int, tracker: Tracker | None) -> None:
        """Act on a step that is done; called after every step.

        The tracker is None on all processes but the main one.
        """
        return None

    def ended(self) -> str | None:
        """Return a reason to end the run now, or None; the same on all processes."""
        return None

    def state(self) -> dict[str, Any]:
        """Return the state that resuming requires."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore what state() returned; the state is {} if the saved run lacked this observer."""
        return None


def build_observers(context: RunContext) -> dict[str, Observer]:
    """Return the observers by name: those with their key switched on or in train.observers."""
    config = context.config
    return {
        name: load(row.code)(context)
        for name, row in OBSERVERS.items()
        if (attrgetter(row.switch)(config) if row.switch else name in config.train.observers)
    }
