"""Unpaired image-to-image translation: train a CycleGAN, translate folders with it.

import gan
translator = gan.Translator.load("checkpoints/monet", direction="ab")
painting = translator.translate(photograph)
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan.config import Config as Config
    from gan.config.extensions import register_metric as register_metric
    from gan.inference.translator import Translator as Translator
    from gan.training import TrainResult as TrainResult
    from gan.training import train as train

__version__ = "0.1.0"
__all__ = ["Config", "TrainResult", "Translator", "register_metric", "train"]

# Otherwise albumentations asks a server for its newest version at every import.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
# OpenMP's threads spin while they wait. Beside another busy program that takes the very cores that
# they wait for (docs/log.md). A short spin costs nothing alone. Read before torch loads.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")


def __getattr__(name: str) -> Any:
    """Import torch and its company only when a public name is used."""
    import importlib

    modules = {
        "Config": "gan.config",
        "TrainResult": "gan.training",
        "register_metric": "gan.config.extensions",
        "train": "gan.training",
        "Translator": "gan.inference.translator",
    }
    if name not in modules:
        raise AttributeError(f"module 'gan' has no attribute {name!r}")
    return getattr(importlib.import_module(modules[name]), name)
