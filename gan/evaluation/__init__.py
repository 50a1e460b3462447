"""Evaluation: how good a model's translations are, with the protocol beside every number."""

from gan.evaluation.command import evaluate_model
from gan.evaluation.core import evaluate
from gan.evaluation.folders import Folder, Folders, Split, open_folders
from gan.evaluation.instruments import Instruments, open_instruments
from gan.evaluation.protocol import Settings
from gan.evaluation.records import Evaluation, ImageScores, Metric

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
