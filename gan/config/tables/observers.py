"""The observers: what accompanies a run without changing what its steps compute."""

from dataclasses import dataclass

from gan.config.table import Code, Table


@dataclass(frozen=True)
class ObserverRow:
    """An observer; its name is that of its state in a training state."""

    code: Code
    """Called with a RunContext, for a gan.training.observers.base.Observer."""
    switch: str | None = None
    """The key that turns it on; None: train.observers names it."""


_ROOM = "gan.training.observers."

OBSERVERS = Table(
    "observer",
    {
        "samples": ObserverRow(f"{_ROOM}samples:SamplesObserver", "train.sample_every"),
        "waiting": ObserverRow(f"{_ROOM}loader_wait:LoaderWaitObserver", "train.log_every"),
        "evaluation": ObserverRow(f"{_ROOM}evaluation:EvaluationObserver", "evaluate.every"),
        "doctor": ObserverRow(f"{_ROOM}doctor:DoctorObserver", "train.doctor_every"),
    },
)


def observer_name(name: str) -> str:
    """Return the name of an observer that no key turns on; ValueError where one does."""
    switch = OBSERVERS.find(name).switch
    if switch is not None:
        raise ValueError(f"{name} is turned on by {switch}: remove it here")
    return name
