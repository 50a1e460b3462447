"""Convert frames between YUV and RGB with the clip's own matrix and range, both ways."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

LUMA = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
"""Weights of red and blue in luma by the number of a matrix in ITU-T H.273: BT.709, FCC, BT.601
(twice), SMPTE 240M, BT.2020."""
RGB, UNSPECIFIED = 0, 2
HD_LINES = 720
"""Height in lines from which players assume BT.709 for a clip without a matrix; below it,
BT.601."""
FULL = 2
"""The number that means full range, 0 to 255; all others mean 16 to 235."""


def matrix_of(matrix: int, height: int) -> int | None:
    """Return the number of the matrix that is used for a clip; None if it is not supported."""
    if matrix in (UNSPECIFIED, RGB):
        return 1 if height >= HD_LINES else 5
    return matrix if matrix in LUMA else None


class Colors:
    """Converts between YUV of full chroma resolution and RGB, both (H, W, 3) of 8 bits."""

    def __init__(self, matrix: int, *, full: bool) -> None:
        """matrix: a key of LUMA; full: whether all 256 levels are used."""
        red, blue = LUMA[matrix]
        weights = np.array([red, 1 - red - blue, blue])
        to_yuv = np.stack([
            weights,
            (np.array([0, 0, 1]) - weights) / (2 * (1 - blue)),
            (np.array([1, 0, 0]) - weights) / (2 * (1 - red)),
        ])  # fmt: skip
        scale = np.array([1, 1, 1] if full else [219 / 255, 224 / 255, 224 / 255])[:, None]
        offset = np.array([0 if full else 16, 128, 128])[:, None]
        back = np.linalg.inv(scale * to_yuv)
        # Affine maps (3, 4), as cv2.transform takes them.
        self.forward = np.hstack([scale * to_yuv, offset]).astype(np.float32)
        self.backward = np.hstack([back, -back @ offset]).astype(np.float32)

    def to_rgb(self, yuv: Pixels) -> Pixels:
        """Return YUV as RGB."""
        return _applied(self.backward, yuv)

    def to_yuv(self, rgb: Pixels) -> Pixels:
        """Return RGB as YUV."""
        return _applied(self.forward, rgb)


def _applied(matrix: NDArray[np.float32], pixels: Pixels) -> Pixels:
    values: Any = cv2.transform(pixels.astype(np.float32), matrix)
    np.rint(values, out=values)
    result: Pixels = values.clip(0, 255, out=values).astype(np.uint8)
    return result
