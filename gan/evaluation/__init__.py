"""Measure a model's translations, and record the protocol with every number."""

from typing import TYPE_CHECKING

from gan.system.lazy import lazy

if TYPE_CHECKING:
    from gan.evaluation.core import Settings, evaluate
    from gan.evaluation.folders import open_folders
    from gan.evaluation.instruments import Instruments, open_instruments
    from gan.evaluation.records import Evaluation, ImageScores, Metric

__all__ = [
    "Evaluation",
    "ImageScores",
    "Instruments",
    "Metric",
    "Settings",
    "evaluate",
    "open_folders",
    "open_instruments",
]

__getattr__ = lazy(
    __name__,
    core="Settings evaluate",
    folders="open_folders",
    instruments="Instruments open_instruments",
    records="Evaluation ImageScores Metric",
)
