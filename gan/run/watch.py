"""Which observers a run has."""

from gan.run.checkup import Checkup
from gan.run.evaluations import Evaluations
from gan.run.observers import Observer, Samples, Scene
from gan.run.waiting import Waiting


def build_observers(scene: Scene) -> dict[str, Observer]:
    """Those that the configuration asks for, by the names of their states."""
    observers: dict[str, Observer] = {"samples": Samples(scene), "waiting": Waiting(scene)}
    if scene.config.evaluate.every:
        observers["evaluation"] = Evaluations(scene)
    if scene.config.train.doctor_every:
        observers["doctor"] = Checkup(scene)
    return observers
