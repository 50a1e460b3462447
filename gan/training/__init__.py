"""Training runs: the loop, the observers, and the files that a run writes."""

from typing import TYPE_CHECKING

from gan.system.lazy import lazy

if TYPE_CHECKING:
    from gan.training.api import TrainResult as TrainResult
    from gan.training.api import train as train
    from gan.training.run import Run as Run

__getattr__ = lazy(__name__, api="TrainResult train", run="Run")
