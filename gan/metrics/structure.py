"""Measure whether two images have the same edges, independent of their colors.

Each pixel has the direction of its strongest edge, and a weight. The direction is a doubled angle,
so swapping light and dark changes nothing. The weight is relative to the edges around it, so lower
contrast, as in fog and at night, changes little. The result is the correlation of these fields.
"""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from gan.images.deep import Array, eight_bits

Pixels = NDArray[np.uint8]
"""(H, W, 3)."""
Field = NDArray[np.complex64]
"""(H, W): the absolute value is the weight, 0 to 1, the angle is twice the edge's direction."""

LONGER_SIDE = 512
"""Limit of the longer side in pixels; larger images are scaled down before they are compared."""
BLUR = 1.5
"""Sigma, in pixels, of the blur before edges are found: it removes brush strokes and noise."""
EDGES_AROUND = 8
"""Sigma, in pixels, of the neighborhood with which an edge is compared for its weight."""
NOISE = 0.004
"""Gradient, in values of [0, 1] per pixel, below which weights are small: one gray level."""
FLAT = 0.02
"""Mean square of weights below which an image has no edges to compare; photographs have 0.1 to
0.4."""


def comparable(pixels: Array) -> Pixels:
    """Return pixels (H, W, 1 or 3), 8 or 16 bits, as 8-bit RGB of at most LONGER_SIDE pixels."""
    if pixels.dtype == np.uint16:
        pixels = eight_bits(pixels)
    pixels = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    scale = LONGER_SIDE / max(pixels.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(pixels)
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    return cast(Pixels, cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))


def field(pixels: Pixels, blur: float = BLUR) -> Field:
    """Return the field of edge directions of an image after a blur (sigma, in pixels).

    The directions come from the structure tensor over all color channels (Di Zenzo 1986), which
    also finds edges between colors of equal lightness.
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
    """Return the correlation, -1 to 1, of two fields, or of a region of both.

    None if the source is flat.
    """
    power = (np.abs(source) ** 2).sum(dtype=np.float64)
    if power < FLAT * source.size:
        return None
    other = (np.abs(result) ** 2).sum(dtype=np.float64)
    common = np.real(np.conj(source) * result).sum(dtype=np.float64)
    return float(common / np.sqrt(power * other + 1e-12))


def displaced(source: Field, result: Field) -> float | None:
    """Return how much better the fields agree if one is shifted, 0 to 1; None for a flat source.

    0 if the fields agree best without a shift, else 1 - (agreement without a shift) / (best
    agreement). All shifts are computed at once with the convolution theorem.
    """
    if (np.abs(source) ** 2).mean() < FLAT:
        return None
    spectrum = np.conj(np.fft.fft2(source)) * np.fft.fft2(result)
    everywhere = np.real(np.fft.ifft2(spectrum))
    here, best = everywhere[0, 0], everywhere.max()
    return 0.0 if best <= 1e-6 * source.size else float(min(1 - here / best, 1))
