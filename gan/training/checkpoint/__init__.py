"""What a run writes: generators for use, and training states to go on from."""

from gan.training.checkpoint.generators import save_generators
from gan.training.checkpoint.saver import Saver, on_cpu
from gan.training.checkpoint.states import SavedState, check_same, newest_state

__all__ = ["SavedState", "Saver", "check_same", "newest_state", "on_cpu", "save_generators"]
