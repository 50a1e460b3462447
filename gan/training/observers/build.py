"""Which observers a run has."""

from gan.training.observers.base import Observer, Samples, Scene
from gan.training.observers.doctor import Checkup
from gan.training.observers.evaluation import Evaluations
from gan.training.observers.loader_wait import Waiting


def build_observers(scene: Scene) -> dict[str, Observer]:
    """Those that the configuration asks for, by the names of their states."""
    observers: dict[str, Observer] = {"samples": Samples(scene), "waiting": Waiting(scene)}
    if scene.config.evaluate.every:
        observers["evaluation"] = Evaluations(scene)
    if scene.config.train.doctor_every:
        observers["doctor"] = Checkup(scene)
    return observers
