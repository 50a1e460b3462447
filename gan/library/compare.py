"""Originals and translations side by side."""

from pathlib import Path

import numpy as np

from gan.images import Picture, write_picture
from gan.images.picture import Array

GAP = 8
"""White pixels between both."""


def write_comparison(original: Array, translation: Array, path: Path) -> None:
    """Write two pictures (H, W, 1 or 3) of one type and height as one, the original on the left."""
    largest = np.iinfo(original.dtype).max
    both = [np.broadcast_to(pixels, (*pixels.shape[:2], 3)) for pixels in (original, translation)]
    gap = np.full((original.shape[0], GAP, 3), largest, original.dtype)
    write_picture(Picture(np.concatenate([both[0], gap, both[1]], axis=1)), path)
