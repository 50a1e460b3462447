"""The observers of a run, which do not change what its steps compute."""

from dataclasses import dataclass

from gan.config.table import Code, Table


@dataclass(frozen=True)
class ObserverRow:
    """An observer; a training state stores the observer's state under its name."""

    code: Code
    """Called with a RunContext; returns a gan.training.observers.base.Observer."""
    switch: str | None = None
    """The key that turns it on. If None, its name in train.observers turns it on."""


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
    """Return the name; ValueError if no observer has it, or if a key turns that observer on."""
    switch = OBSERVERS.find(name).switch
    if switch is not None:
        raise ValueError(f"{switch} already controls {name}: remove {name} from train.observers")
    return name
