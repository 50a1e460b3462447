"""Unpaired image-to-image translation: train a CycleGAN, translate folders with it.

import gan
translator = gan.Translator.load("checkpoints/monet", direction="ab")
painting = translator.translate(photograph)
"""

import os
from typing import TYPE_CHECKING

from gan.system.lazy import lazy

if TYPE_CHECKING:
    from gan.config import Config
    from gan.config.extensions import (
        load_extensions,
        register_adversarial,
        register_dataset,
        register_discriminator,
        register_generator,
        register_loss_term,
        register_metric,
        register_observer,
        register_recipe,
        register_tracker,
    )
    from gan.inference.translator import Translator
    from gan.training import TrainResult, train

__version__ = "0.1.0"
__all__ = [
    "Config",
    "TrainResult",
    "Translator",
    "load_extensions",
    "register_adversarial",
    "register_dataset",
    "register_discriminator",
    "register_generator",
    "register_loss_term",
    "register_metric",
    "register_observer",
    "register_recipe",
    "register_tracker",
    "train",
]
"""The public names; docs/reference/python.md describes each."""

# Otherwise albumentations asks a server for its newest version at every import.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
# OpenMP's threads spin while they wait. Beside another busy program that takes the very cores that
# they wait for (docs/log.md). A short spin costs nothing alone. Read before torch loads.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

# torch and the rest are imported when a public name is used.
__getattr__ = lazy(
    __name__,
    config="Config",
    training="TrainResult train",
    **{
        "inference.translator": "Translator",
        "config.extensions": "load_extensions register_adversarial register_dataset "
        "register_discriminator register_generator register_loss_term register_metric "
        "register_observer register_recipe register_tracker",
    },
)


def __dir__() -> list[str]:
    """Return the public names, imported or not, with the rest."""
    return sorted({*globals(), *__all__})
