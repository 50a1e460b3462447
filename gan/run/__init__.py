"""A training run from beginning to end, what looks at it on the way, and what it leaves behind."""

from gan.run.command import train
from gan.run.recipes import RECIPES
from gan.run.whole import Run

__all__ = ["RECIPES", "Run", "train"]
