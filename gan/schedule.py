"""The learning rate as a pure function of progress: nothing to save, nothing to step."""

import math
from typing import Literal

Schedule = Literal["linear", "constant", "cosine"]


def lr_multiplier(epoch: int, epochs: int, decay_epochs: int, schedule: Schedule) -> float:
    """What the learning rate is multiplied with in an epoch, counted from 0.

    It is 1 for `epochs`, then falls during `decay_epochs` towards 0, which the epoch after the last
    would reach: `linear` is the CycleGAN paper's rule (Sec. 4) as its authors' present code counts
    it (epoch 101 of 100 + 100 is the first below 1, epoch 200 trains at 1/101); `cosine` falls
    along half a cosine; `constant` does not fall.
    """
    decayed = min(max(0, epoch - epochs + 1) / (decay_epochs + 1), 1.0)
    if schedule == "constant":
        return 1.0
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * decayed))
    return 1 - decayed
