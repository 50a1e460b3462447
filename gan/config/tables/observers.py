"""The observers of a run, which do not change what its steps compute."""

from dataclasses import dataclass

from gan.config.table import Code, Table


@dataclass(frozen=True)
class ObserverRow:
    """An observer; its name is also the key of its state in a training state."""

    code: Code
    """Called with a RunContext; returns a gan.training.observers.base.Observer."""
    switch: str | None = None
    """The key that turns it on; None: it is turned on by its name in train.observers."""


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
    """Return the name of an observer that no key turns on; ValueError if a key does."""
    switch = OBSERVERS.find(name).switch
    if switch is not None:
        raise ValueError(f"{name} is turned on by {switch}: remove it here")
    return name
