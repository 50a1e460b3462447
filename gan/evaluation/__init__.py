"""Evaluation: how good a model's translations are, with the protocol beside every number."""

from typing import TYPE_CHECKING, Any

from gan.config.choices import Split
from gan.evaluation.entry import evaluate_model

if TYPE_CHECKING:
    from gan.evaluation.core import evaluate
    from gan.evaluation.folders import Folder, Folders, open_folders
    from gan.evaluation.instruments import Instruments, open_instruments
    from gan.evaluation.protocol import Settings
    from gan.evaluation.records import Evaluation, ImageScores, Metric

MODULES = {
    "Evaluation": "records",
    "Folder": "folders",
    "Folders": "folders",
    "ImageScores": "records",
    "Instruments": "instruments",
    "Metric": "records",
    "Settings": "protocol",
    "evaluate": "core",
    "open_folders": "folders",
    "open_instruments": "instruments",
}
__all__ = [
    "Evaluation",
    "Folder",
    "Folders",
    "ImageScores",
    "Instruments",
    "Metric",
    "Settings",
    "Split",
    "evaluate",
    "evaluate_model",
    "open_folders",
    "open_instruments",
]


def __getattr__(name: str) -> Any:
    """Import torch and its company only when a name that needs them is used."""
    import importlib

    if name not in MODULES:
        raise AttributeError(f"module 'gan.evaluation' has no attribute {name!r}")
    return getattr(importlib.import_module(f"gan.evaluation.{MODULES[name]}"), name)
