"""Which observers a run has."""

from gan.training.observers.base import Observer, RunContext, SamplesObserver
from gan.training.observers.doctor import DoctorObserver
from gan.training.observers.evaluation import EvaluationObserver
from gan.training.observers.loader_wait import LoaderWaitObserver


def build_observers(context: RunContext) -> dict[str, Observer]:
    """Those that the configuration asks for, by the names of their states."""
    observers: dict[str, Observer] = {
        "samples": SamplesObserver(context),
        "waiting": LoaderWaitObserver(context),
    }
    if context.config.evaluate.every:
        observers["evaluation"] = EvaluationObserver(context)
    if context.config.train.doctor_every:
        observers["doctor"] = DoctorObserver(context)
    return observers
