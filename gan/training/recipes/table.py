"""What is trained, by what."""

from gan.config import Recipe
from gan.training.recipes.arbitrary_style import ReferenceTrainer
from gan.training.recipes.cyclegan import Trainer
from gan.training.recipes.single_style import StyleTrainer

AnyTrainer = Trainer | StyleTrainer | ReferenceTrainer

RECIPES: dict[Recipe, type[AnyTrainer]] = {
    "cyclegan": Trainer,
    "one_style": StyleTrainer,
    "reference": ReferenceTrainer,
}
"""What trains each; all have the few methods that a run calls."""
