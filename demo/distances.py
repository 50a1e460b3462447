"""The demo's two distances, chosen before the first network was trained for it.

Distance to the painted domain: the total variation of the histograms of two pools of images, which
is the part of the pixels that would have to change their cell. 0 means equal histograms, 1 disjoint
ones. It is the mean over two histograms:

- colors: 16 x 16 x 16 cells in RGB; each pixel is spread over neighboring cells with Gaussian
  weights of sigma 24 gray levels, so that similar colors count as similar;
- edges: the gradient of the luma (blurred by sigma 1 pixel) per pixel in four cells: flat, soft,
  clear, hard.

Distance to the truth: the mean absolute difference (L1) from the painting of each test photograph.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from demo.painting import LUMA, Pixels, blurred

CELLS = 16
"""Cells per color channel, each 16 gray levels wide."""
SPREAD = 1.5
"""Standard deviation of a pixel's weights, in cells."""
EDGE_CELLS = (0, 0.02, 0.06, 0.12, np.inf)
"""Limits of the cells for edges; a step from black to white is about 0.4."""


class Histograms(NamedTuple):
    """Histograms of a pool of images with equal weights; each sums to 1."""

    colors: NDArray[np.float64]
    edges: NDArray[np.float64]


def domain_distance(images: Sequence[Pixels], domain: Sequence[Pixels]) -> float:
    """Return the distance of two pools of images of any sizes, 0 to 1, as the module defines it."""
    pairs = zip(histograms(images), histograms(domain), strict=True)
    return float(np.mean([np.abs(one - other).sum() / 2 for one, other in pairs]))


def truth_distance(images: Sequence[Pixels], truths: Sequence[Pixels]) -> float:
    """Return the mean absolute difference of pixels, 0 to 1, as a mean over images."""
    pairs = zip(images, truths, strict=True)
    return float(np.mean([np.abs(one.astype(float) - other).mean() / 255 for one, other in pairs]))


def histograms(images: Sequence[Pixels]) -> Histograms:
    """Return the histograms of a pool of images."""
    colors = np.mean([color_histogram(image) for image in images], axis=0)
    edges = np.mean([edge_histogram(image) for image in images], axis=0)
    return Histograms(colors, edges)


def color_histogram(image: Pixels) -> NDArray[np.float64]:
    """Return the smoothed color histogram (16, 16, 16) over R, G, B; it sums to 1."""
    red, green, blue = (image.reshape(-1, 3) // (256 // CELLS)).T.astype(int)
    cells = (red * CELLS + green) * CELLS + blue
    counts = np.bincount(cells, minlength=CELLS**3).reshape(CELLS, CELLS, CELLS) / cells.size
    offsets = np.subtract.outer(np.arange(CELLS), np.arange(CELLS))
    weights = np.exp(-0.5 * (offsets / SPREAD) ** 2)
    weights /= weights.sum(axis=0)
    spread: NDArray[np.float64] = np.einsum("rgb,xr,yg,zb->xyz", counts, *[weights] * 3)
    return spread


def edge_histogram(image: Pixels) -> NDArray[np.float64]:
    """Return the parts (4,) of pixels whose edge is flat, soft, clear and hard."""
    luma = blurred(image.astype(np.float32) / 255 @ LUMA, 1)
    strength = np.hypot(*np.gradient(luma))
    shares: NDArray[np.float64] = np.histogram(strength, EDGE_CELLS)[0] / strength.size
    return shares
