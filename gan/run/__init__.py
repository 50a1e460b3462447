"""A training run from beginning to end, what looks at it on the way, and what it leaves behind."""

from typing import TYPE_CHECKING, Any

from gan.run.entry import train

if TYPE_CHECKING:
    from gan.run.recipes import RECIPES
    from gan.run.whole import Run

MODULES = {"RECIPES": "recipes", "Run": "whole"}
__all__ = ["RECIPES", "Run", "train"]


def __getattr__(name: str) -> Any:
    """Import torch and its company only when a name that needs them is used."""
    import importlib

    if name not in MODULES:
        raise AttributeError(f"module 'gan.run' has no attribute {name!r}")
    return getattr(importlib.import_module(f"gan.run.{MODULES[name]}"), name)
