"""Evaluation: how good a model's translations are, with the protocol beside every number."""

from typing import TYPE_CHECKING

from gan.system.lazy import lazy

if TYPE_CHECKING:
    from gan.evaluation.command import evaluate_model
    from gan.evaluation.core import evaluate
    from gan.evaluation.folders import Folder, Folders, open_folders
    from gan.evaluation.instruments import Instruments, open_instruments
    from gan.evaluation.options import EvaluateOptions
    from gan.evaluation.protocol import Settings
    from gan.evaluation.records import Evaluation, ImageScores, Metric

__all__ = [
    "EvaluateOptions",
    "Evaluation",
    "Folder",
    "Folders",
    "ImageScores",
    "Instruments",
    "Metric",
    "Settings",
    "evaluate",
    "evaluate_model",
    "open_folders",
    "open_instruments",
]

__getattr__ = lazy(
    __name__,
    command="evaluate_model",
    core="evaluate",
    folders="Folder Folders open_folders",
    instruments="Instruments open_instruments",
    options="EvaluateOptions",
    protocol="Settings",
    records="Evaluation ImageScores Metric",
)
