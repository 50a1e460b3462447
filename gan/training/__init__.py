"""A training run from beginning to end, what looks at it on the way, and what it leaves behind."""

from typing import TYPE_CHECKING, Any

from gan.training.entry import train

if TYPE_CHECKING:
    from gan.training.recipes.table import RECIPES
    from gan.training.run import Run

MODULES = {"RECIPES": "recipes.table", "Run": "run"}
__all__ = ["RECIPES", "Run", "train"]


def __getattr__(name: str) -> Any:
    """Import torch and its company only when a name that needs them is used."""
    import importlib

    if name not in MODULES:
        raise AttributeError(f"module 'gan.training' has no attribute {name!r}")
    return getattr(importlib.import_module(f"gan.training.{MODULES[name]}"), name)
