"""A training run from beginning to end, what accompanies it, and what it leaves behind."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan.training.api import TrainResult, train
    from gan.training.run import Run

MODULES = {"Run": "run", "TrainResult": "api", "train": "api"}
__all__ = ["Run", "TrainResult", "train"]


def __getattr__(name: str) -> Any:
    """Import torch and its company only when a name that needs them is used."""
    import importlib

    if name not in MODULES:
        raise AttributeError(f"module 'gan.training' has no attribute {name!r}")
    return getattr(importlib.import_module(f"gan.training.{MODULES[name]}"), name)
