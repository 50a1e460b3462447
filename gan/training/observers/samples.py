"""Writes sample grids of the same test images, and the discriminators' scores as heat maps."""

from gan.config.tables.recipes import RECIPES
from gan.domains import DIRECTIONS
from gan.training.heat import score_columns
from gan.training.observers.base import Observer, RunContext
from gan.training.trackers import Tracker

SCORES = "-scores"
"""Ends the names of grids of heat maps, after the direction."""


class SamplesObserver(Observer):
    """Writes grids for each direction, every train.sample_every steps.

    The second grid of a direction has heat maps of translations and of real test images, if the
    recipe has a discriminator for the target.
    """

    def __init__(self, context: RunContext) -> None:
        self.context, self.row = context, RECIPES[context.config.recipe]

    def observe(self, step: int, tracker: Tracker | None) -> None:
        """Write the grids, when they are due; only the main process computes them."""
        context = self.context
        if not tracker or not context.length.due(step, context.config.train.sample_every):
            return
        real = context.test_images()
        sampled = context.trainer.sample(real)
        for direction, columns in sampled.items():
            tracker.grid(step, direction, columns)
        for name, ends in DIRECTIONS.items():
            disc = context.trainer.frame.bare.get(f"disc_{ends.target}")
            if name in sampled and ends.target in self.row.discriminators and disc is not None:
                fake, known = sampled[name][self.row.translated], real[ends.target]
                count = min(len(fake), len(known))
                shown = score_columns(disc, fake[:count], known[:count])
                tracker.grid(step, f"{name}{SCORES}", shown)
