"""Decide whether a run with non-finite gradients may return to an earlier training state."""

from typing import Literal

from gan.training.checkpoint.states import SavedState
from gan.training.optimization import LEAST_LR_FACTOR


def check_rollback(
    nonfinite: Literal["rollback", "stop"], saved: SavedState | None, factor: float, reason: str
) -> SavedState:
    """Return the state to restart from; `factor` times the learning rate is used then.

    ValueError, which begins with `reason`, if train.nonfinite is stop, if there is no state, or if
    the rate has been halved too often.
    """
    if nonfinite == "stop":
        raise ValueError(
            f"{reason}; train.nonfinite is stop: try a lower optim.lr, or train.precision fp32"
        )
    if saved is None or factor < LEAST_LR_FACTOR:
        missing = "there is no earlier state" if saved is None else "lower rates did not help"
        raise ValueError(f"{reason}; {missing}: try a lower optim.lr, or train.precision fp32")
    return saved
