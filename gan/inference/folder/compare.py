"""Originals and translations side by side."""

import numpy as np

from gan.images import Picture
from gan.images.picture import Array

GAP = 8
"""White pixels between both."""


def beside(original: Array, translation: Array) -> Picture:
    """Two pictures (H, W, 1 or 3) of one type and height as one, the original on the left."""
    largest = np.iinfo(original.dtype).max
    both = [np.broadcast_to(pixels, (*pixels.shape[:2], 3)) for pixels in (original, translation)]
    gap = np.full((original.shape[0], GAP, 3), largest, original.dtype)
    return Picture(np.concatenate([both[0], gap, both[1]], axis=1))
