"""Find the cuts of a clip from small gray copies of its frames."""

from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from gan.inference.video.color import Pixels

LEAST = 0.5
"""Smallest difference of the frames on both sides of a cut, in standard deviations of gray."""
RATIO = 2.5
"""Smallest ratio to the median difference of the frames around."""
AROUND = 4
"""Number of frames, before and after, that count as around."""
FLAT = 8
"""Standard deviation in gray levels below which a frame counts as flat, so that its noise is
ignored."""


def standardized(small: Pixels) -> NDArray[np.float32]:
    """Return a frame with mean 0 and deviation 1, so that changes of light have no effect."""
    values = small.astype(np.float32)
    result: NDArray[np.float32] = (values - values.mean()) / max(values.std(), FLAT)
    return result


def difference(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """Return the mean absolute difference of two standardized frames."""
    return float(np.abs(after - before).mean())


def find_cuts(differences: Sequence[float]) -> list[int]:
    """Return the numbers of the frames that begin a shot; the first frame always does.

    differences: of each frame from the one before; the first is not used. At a cut, the difference
    is large, and much larger than around it. A fast pan does not have such a peak.
    """
    starts = [0]
    for number in range(1, len(differences)):
        before = differences[max(1, number - AROUND) : number]
        after = differences[number + 1 : number + 1 + AROUND]
        usual = median([*before, *after] or [0.0])
        if differences[number] > max(LEAST, RATIO * usual):
            starts.append(number)
    return starts
