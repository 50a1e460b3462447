"""The configuration of a training run: frozen, typed, checked before anything is loaded."""

from gan.config.changes import changed_keys
from gan.config.sections import (
    Channels,
    DataConfig,
    Domain,
    LossConfig,
    NetworksConfig,
    OptimConfig,
    PerceptualConfig,
    RunConfig,
    StyleConfig,
    TrainConfig,
)
from gan.config.whole import Config, Recipe

__all__ = [
    "Channels",
    "Config",
    "DataConfig",
    "Domain",
    "LossConfig",
    "NetworksConfig",
    "OptimConfig",
    "PerceptualConfig",
    "Recipe",
    "RunConfig",
    "StyleConfig",
    "TrainConfig",
    "changed_keys",
]
