"""What is trained, by what."""

from gan.config import Recipe
from gan.reference_trainer import ReferenceTrainer
from gan.style_trainer import StyleTrainer
from gan.trainer import Trainer

AnyTrainer = Trainer | StyleTrainer | ReferenceTrainer

RECIPES: dict[Recipe, type[AnyTrainer]] = {
    "cyclegan": Trainer,
    "one_style": StyleTrainer,
    "reference": ReferenceTrainer,
}
"""What trains each; all have the few methods that a run calls."""
