"""What looks at a run on the way, without changing what its next step computes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from accelerate import Accelerator
from torch import Tensor

from gan.config import Config
from gan.data import Folder
from gan.domains import Domain
from gan.training.feed import LoaderWait
from gan.training.recipes.table import AnyTrainer
from gan.training.sampling import test_images
from gan.training.schedule import RunLength
from gan.training.trackers import Tracker


@dataclass(frozen=True)
class RunContext:
    """What observers look at."""

    config: Config
    trainer: AnyTrainer
    accelerator: Accelerator
    folders: Mapping[Domain, Folder]
    length: RunLength
    say: Callable[[str], None]
    """Prints one line, once for all processes."""
    keep: Callable[[int, str], None]
    """Leaves the generators of a step, the present one, their names with a suffix."""
    waits: LoaderWait
    """For images, counted by the feed."""

    def test_images(self) -> dict[Domain, Tensor]:
        """The fixed test images of each domain, on the device, (N, C, H, W) in [-1, 1]."""
        return {
            domain: test_images(self.config.data, domain, folder.files).to(self.accelerator.device)
            for domain, folder in self.folders.items()
        }

    @property
    def run_dir(self) -> Path:
        """Where the run is written."""
        return self.config.run.dir


class Observer(Protocol):
    """Called by the loop on all processes; the main one alone has a tracker."""

    def begin(self, step: int, tracker: Tracker | None) -> None:
        """Look at the run before it goes on after a step."""

    def log(self, step: int, values: Mapping[str, float], tracker: Tracker | None) -> None:
        """Take the scalars of a step that is logged (train.log_every)."""

    def observe(self, step: int, tracker: Tracker | None) -> None:
        """Look at the run after a step."""

    def ended(self) -> str | None:
        """Why the run should end now, if it should; the same on all processes."""

    def state(self) -> dict[str, Any]:
        """What resuming needs."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what state() gave; from {} where the run had no such observer."""


class SamplesObserver:
    """Shows what the recipe makes of the same test images, every train.sample_every steps."""

    def __init__(self, context: RunContext) -> None:
        self.context = context

    def begin(self, step: int, tracker: Tracker | None) -> None:
        """Nothing."""

    def log(self, step: int, values: Mapping[str, float], tracker: Tracker | None) -> None:
        """Nothing: samples are pictures."""

    def observe(self, step: int, tracker: Tracker | None) -> None:
        """Write a grid for each direction."""
        context = self.context
        if tracker is None or not context.length.due(step, context.config.train.sample_every):
            return
        for direction, columns in context.trainer.sample(context.test_images()).items():
            tracker.grid(step, direction, columns)

    def ended(self) -> None:
        """Never."""

    def state(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Nothing."""
