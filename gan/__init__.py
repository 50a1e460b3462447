"""Unpaired image-to-image translation: train a CycleGAN, translate folders with it.

import gan
translator = gan.Translator.load("checkpoints/monet", direction="ab")
painting = translator.translate(photograph)
"""

import os
from typing import TYPE_CHECKING

from gan.system.lazy import lazy

if TYPE_CHECKING:
    from gan.config import Config as Config
    from gan.config.extensions import load_extensions as load_extensions
    from gan.config.extensions import register_adversarial as register_adversarial
    from gan.config.extensions import register_dataset as register_dataset
    from gan.config.extensions import register_discriminator as register_discriminator
    from gan.config.extensions import register_generator as register_generator
    from gan.config.extensions import register_loss_term as register_loss_term
    from gan.config.extensions import register_metric as register_metric
    from gan.config.extensions import register_observer as register_observer
    from gan.config.extensions import register_recipe as register_recipe
    from gan.inference.translator import Translator as Translator
    from gan.training import TrainResult as TrainResult
    from gan.training import train as train

__version__ = "0.1.0"

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
        "register_observer register_recipe",
    },
)
