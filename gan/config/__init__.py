"""The configuration of a training run: immutable, typed, checked before anything is loaded."""

from gan.config.guides import DistillConfig, SemanticConfig, StyleConfig
from gan.config.resuming import changed_keys
from gan.config.section import Section
from gan.config.sections import (
    Count,
    DataConfig,
    LossConfig,
    NetworksConfig,
    PerceptualConfig,
    Rate,
    Resamples,
    Weight,
)
from gan.config.training import EvaluateConfig, OptimConfig, RunConfig, TrainConfig
from gan.config.whole import Config

__all__ = [
    "Config",
    "Count",
    "DataConfig",
    "DistillConfig",
    "EvaluateConfig",
    "LossConfig",
    "NetworksConfig",
    "OptimConfig",
    "PerceptualConfig",
    "Rate",
    "Resamples",
    "RunConfig",
    "Section",
    "SemanticConfig",
    "StyleConfig",
    "TrainConfig",
    "Weight",
    "changed_keys",
]
