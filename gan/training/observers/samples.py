"""Write sample grids of the same test images, and heat maps of the discriminators' scores."""

from gan.config.tables.recipes import RECIPES
from gan.domains import DIRECTIONS
from gan.training.heat import score_columns
from gan.training.observers.base import Observer, RunContext
from gan.training.trackers import Tracker

SCORES = "-scores"
"""Suffix of the names of heat maps' grids, after the direction."""


class SamplesObserver(Observer):
    """Writes grids for each direction, every train.sample_every steps.

    If the recipe has a discriminator for the target, a second grid shows heat maps of its scores
    for translations and for real test images.
    """

    def __init__(self, context: RunContext) -> None:
        self.context, self.row = context, RECIPES[context.config.recipe]

    def observe(self, step: int, tracker: Tracker | None) -> None:
        """Write the grids if they are due, in the main process only."""
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
