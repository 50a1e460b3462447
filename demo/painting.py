"""The demo's painter: filters that turn a photograph into a blue woodblock print (aizuri-e).

Each color depends on the tones of a small neighborhood and on the exposure of the whole image, and
the order of tones is kept. So every photograph has exactly one painting, and a network can find it
without pairs.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gan.images.color import LUMA as BT601

Pixels = NDArray[np.uint8]
"""An image, (H, W, 3), RGB."""

Plane = NDArray[np.floating[Any]]
"""Values of every pixel, (H, W) or (H, W, 3)."""

LUMA = np.array(BT601, np.float32)

KEY = np.array([10, 10, 48], np.float32)
"""The ink of the lines."""
INKS = np.array(
    [[10, 24, 82], [12, 72, 146], [30, 130, 180], [124, 202, 178], [252, 228, 160]], np.float32
)
"""Colors from dark to light: indigo, Prussian blue, azure, sea green, straw-colored paper."""
CUTS = (0.28, 0.42, 0.56, 0.74)
"""Tones, 0 to 1, between one color and the next."""


def paint(image: Pixels) -> Pixels:
    """Return the print of a photograph: smooth areas, corrected exposure, five colors, ink lines.

    Both are uint8 RGB (H, W, 3). Equal photographs give equal paintings.
    """
    calm = cv2.stylization(np.ascontiguousarray(image), sigma_s=20, sigma_r=0.5)
    tone = exposed(blurred(calm.astype(np.float32) / 255, 1) @ LUMA)
    painting: Plane = np.broadcast_to(INKS[0], image.shape)
    for cut, color in zip(CUTS, INKS[1:], strict=True):
        painting = covered(painting, color, step(tone, cut, width=0.12))
    luma = blurred(image.astype(np.float32) / 255 @ LUMA, 1)
    shade_beside_light = blurred(luma, 2) - luma
    painting = covered(painting, KEY, step(shade_beside_light, 0.07, width=0.06))
    softened: Plane = np.clip(blurred(painting, 0.5) + 0.5, 0, 255)
    return softened.astype(np.uint8)


def exposed(luma: Plane) -> Plane:
    """Correct the exposure: mean 0.48 and, unless the image is nearly flat, deviation 0.28."""
    tone: Plane = 0.48 + 0.28 * (luma - luma.mean()) / (luma.std() + 0.04)
    return tone


def blurred(image: Plane, sigma: float) -> Plane:
    """Return an image after a Gaussian blur, sigma in pixels."""
    result: Plane = cv2.GaussianBlur(image, (0, 0), sigma)
    return result


def step(values: Plane, at: float, width: float) -> Plane:
    """Return 0 below `at`, 1 above, and a smooth rise of the given width between."""
    x = np.clip((values - at) / width + 0.5, 0, 1)
    cover: Plane = x * x * (3 - 2 * x)
    return cover


def covered(painting: Plane, color: Plane, cover: Plane) -> Plane:
    """Blend a color over a painting (H, W, 3); cover (H, W) is its opacity, 0 to 1."""
    return painting + cover[..., None] * (color - painting)
