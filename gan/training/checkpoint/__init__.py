"""Training states to resume from: how they are saved beside the training, and found again."""

from gan.training.checkpoint.saver import Saver, on_cpu
from gan.training.checkpoint.states import SavedState, agreed_state, check_same, newest_state

__all__ = ["SavedState", "Saver", "agreed_state", "check_same", "newest_state", "on_cpu"]
