"""How much of a picture's drawing another one has, whatever became of its colors.

Every pixel has the direction of its strongest edge and a weight. A direction is an angle doubled,
so that light and dark may change places; a weight is relative to the edges around, so that fog and
night, which flatten a picture, change little. Two pictures agree as their fields correlate.
"""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from gan.images.deep import Array, eight_bits

Pixels = NDArray[np.uint8]
"""(H, W, 3)."""
Field = NDArray[np.complex64]
"""(H, W): weights from 0 to 1, directions as twice the angle."""

LONGER_SIDE = 512
"""Pixels at which pictures are compared; larger ones are scaled down."""
BLUR = 1.5
"""Pixels (sigma) before edges are taken: strokes and noise are finer than what they depict."""
EDGES_AROUND = 8
"""Pixels (sigma) of what an edge's weight is relative to."""
NOISE = 0.004
"""Gradient per pixel, of values from 0 to 1, that counts as nothing: one gray level."""
FLAT = 0.02
"""Mean square of the weights below which there is nothing to preserve; photographs have 0.1 to
0.4."""


def comparable(pixels: Array) -> Pixels:
    """Return a picture as 8-bit RGB, its longer side at most LONGER_SIDE."""
    if pixels.dtype == np.uint16:
        pixels = eight_bits(pixels)
    pixels = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    scale = LONGER_SIDE / max(pixels.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(pixels)
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    return cast(Pixels, cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))


def field(pixels: Pixels, blur: float = BLUR) -> Field:
    """Return the edge directions of a picture, after a blur of so many pixels (sigma).

    They are the structure tensor's over all color channels (Di Zenzo 1986): colors of one
    lightness have edges, too.
    """
    values = cv2.GaussianBlur(pixels.astype(np.float32) / 255, (0, 0), blur)
    across = cv2.Sobel(values, cv2.CV_32F, 1, 0, ksize=3) / 8
    down = cv2.Sobel(values, cv2.CV_32F, 0, 1, ksize=3) / 8
    tensor = (across**2 - down**2).sum(2) + 2j * (across * down).sum(2)
    energy = np.abs(tensor)
    magnitude = np.sqrt(energy)
    weight = magnitude / (magnitude + cv2.GaussianBlur(magnitude, (0, 0), EDGES_AROUND) + NOISE)
    return cast(Field, (tensor / (energy + 1e-12) * weight).astype(np.complex64))


def agreement(source: Field, result: Field) -> float | None:
    """Return the correlation of two fields or of their parts, -1 to 1; None for a flat source."""
    power = (np.abs(source) ** 2).sum(dtype=np.float64)
    if power < FLAT * source.size:
        return None
    other = (np.abs(result) ** 2).sum(dtype=np.float64)
    common = np.real(np.conj(source) * result).sum(dtype=np.float64)
    return float(common / np.sqrt(power * other + 1e-12))


def displaced(source: Field, result: Field) -> float | None:
    """Return how much better the fields agree if one is moved, 0 to 1; None for a flat source.

    0 where they agree best as they lie, 1 - here / there where they agree better somewhere else.
    All places are tried at once, by the theorem of convolution.
    """
    if (np.abs(source) ** 2).mean() < FLAT:
        return None
    spectrum = np.conj(np.fft.fft2(source)) * np.fft.fft2(result)
    everywhere = np.real(np.fft.ifft2(spectrum))
    here, best = everywhere[0, 0], everywhere.max()
    return 0.0 if best <= 1e-6 * source.size else float(min(1 - here / best, 1))
