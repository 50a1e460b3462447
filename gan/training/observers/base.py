"""What accompanies a run, without changing what its next step computes."""

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
    """What an observer knows of its run."""

    config: Config
    trainer: Recipe
    accelerator: Accelerator
    data: TrainingData
    length: RunLength
    print_line: Callable[[str], None]
    """Prints one line, once for all processes."""
    keep: Callable[[int, str], None]
    """Exports the generators of a step, the present one, their names with a suffix."""
    waits: LoaderWait
    """For images, counted by the feed."""

    def test_images(self) -> dict[Domain, Tensor]:
        """Return the fixed test images of each domain, on the device, (N, C, H, W) in [-1, 1]."""
        return self.data.test_images(self.accelerator.device)

    @property
    def run_dir(self) -> Path:
        """Where the run is written."""
        return self.config.run.dir


class Observer(Protocol):
    """Called by the loop on all processes; the main one alone has a tracker, others get None.

    An observer that names this class as its base writes only the methods that it uses.
    """

    def begin(self, step: int, tracker: Tracker | None) -> None:
        """Prepare for what follows a step, before the first one of this process.

        The tracker is None on all processes but the main one.
        """
        return None

    def log(self, step: int, values: Mapping[str, float], tracker: Tracker | None) -> None:
        """Take the values, scalars by name, of a step that is logged (train.log_every).

        The tracker is None on all processes but the main one.
        """
        return None

    def observe(self, step: int, tracker: Tracker | None) -> None:
        """Take notice of a step that is done.

        The tracker is None on all processes but the main one.
        """
        return None

    def ended(self) -> str | None:
        """Return why the run should end now, if it should; the same on all processes."""
        return None

    def state(self) -> dict[str, Any]:
        """Return what resuming needs."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from what state() gave; from {} where the run had no such observer."""
        return None


def build_observers(context: RunContext) -> dict[str, Observer]:
    """Build those that the configuration turns on or names, by the names of their states."""
    config = context.config
    return {
        name: load(row.code)(context)
        for name, row in OBSERVERS.items()
        if (attrgetter(row.switch)(config) if row.switch else name in config.train.observers)
    }
