"""Writes sample grids of the same test images."""

from gan.training.observers.base import Observer, RunContext
from gan.training.trackers import Tracker


class SamplesObserver(Observer):
    """Writes a grid for each direction, every train.sample_every steps."""

    def __init__(self, context: RunContext) -> None:
        self.context = context

    def observe(self, step: int, tracker: Tracker | None) -> None:
        """Write the grids, when they are due."""
        context = self.context
        if tracker and context.length.due(step, context.config.train.sample_every):
            for direction, columns in context.trainer.sample(context.test_images()).items():
                tracker.grid(step, direction, columns)
