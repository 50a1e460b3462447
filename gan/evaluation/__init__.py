"""Evaluation: how good a model's translations are, with the protocol beside every number."""

from typing import TYPE_CHECKING

from gan.system.lazy import lazy

if TYPE_CHECKING:
    from gan.evaluation.command import evaluate_model as evaluate_model
    from gan.evaluation.core import evaluate as evaluate
    from gan.evaluation.folders import Folder as Folder
    from gan.evaluation.folders import Folders as Folders
    from gan.evaluation.folders import open_folders as open_folders
    from gan.evaluation.instruments import Instruments as Instruments
    from gan.evaluation.instruments import open_instruments as open_instruments
    from gan.evaluation.options import EvaluateOptions as EvaluateOptions
    from gan.evaluation.protocol import Settings as Settings
    from gan.evaluation.records import Evaluation as Evaluation
    from gan.evaluation.records import ImageScores as ImageScores
    from gan.evaluation.records import Metric as Metric

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
