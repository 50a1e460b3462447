"""A training run from beginning to end, what looks at it on the way, and what it leaves behind."""

from typing import TYPE_CHECKING

from gan.system.lazy import lazy

if TYPE_CHECKING:
    from gan.training.entry import train as train
    from gan.training.recipes.table import RECIPES as RECIPES
    from gan.training.run import Run as Run

__getattr__ = lazy(__name__, entry="train", **{"recipes.table": "RECIPES"}, run="Run")
