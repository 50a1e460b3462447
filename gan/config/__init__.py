"""The configuration of a training run: frozen, typed, checked before anything is loaded."""

from gan.config.changes import changed_keys
from gan.config.evaluate import EvaluateConfig
from gan.config.networks import NetworksConfig
from gan.config.sections import (
    Count,
    DataConfig,
    LossConfig,
    OptimConfig,
    PerceptualConfig,
    Rate,
    RunConfig,
    Section,
    SemanticConfig,
    StyleConfig,
    TrainConfig,
    Weight,
)
from gan.config.whole import Config

__all__ = [
    "Config",
    "Count",
    "DataConfig",
    "EvaluateConfig",
    "LossConfig",
    "NetworksConfig",
    "OptimConfig",
    "PerceptualConfig",
    "Rate",
    "RunConfig",
    "Section",
    "SemanticConfig",
    "StyleConfig",
    "TrainConfig",
    "Weight",
    "changed_keys",
]
