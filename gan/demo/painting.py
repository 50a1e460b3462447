"""The demo's painter: a chain of image filters that turns a photograph into a four-colour poster.

Every colour depends on the tones in a small neighborhood and on the picture's exposure, and darker
stays darker. So a translation has one right answer, and a network can find it without pairs.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""An image, (H, W, 3), RGB."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of R, G, B in the luma of ITU-R BT.601."""

INK = np.array([20, 18, 60], np.float32)
SCREENS = np.array([[18, 52, 116], [214, 62, 44], [243, 158, 58], [252, 228, 168]], np.float32)
"""Prussian blue, vermilion, ochre and straw: what the shadows to the lights are printed in."""

CUTS = (0.36, 0.54, 0.74)
"""Tones, 0 to 1, at which one screen gives way to the next."""


def paint(image: Pixels) -> Pixels:
    """Print a photograph as a poster: calm areas, corrected exposure, screens, ink on edges.

    (H, W, 3) uint8 RGB in and out. The same photograph gives the same painting.
    """
    calm = cv2.stylization(np.ascontiguousarray(image), sigma_s=20, sigma_r=0.5)
    tone = exposed(blurred(calm.astype(np.float32) / 255, 1) @ LUMA)
    painting = np.broadcast_to(SCREENS[0], image.shape)
    for cut, color in zip(CUTS, SCREENS[1:], strict=True):
        painting = covered(painting, color, step(tone, cut, width=0.12))
    luma = blurred(image.astype(np.float32) / 255 @ LUMA, 1)
    shade_beside_light = blurred(luma, 2) - luma
    painting = covered(painting, INK, step(shade_beside_light, 0.07, width=0.06))
    return np.clip(blurred(painting, 0.5) + 0.5, 0, 255).astype(np.uint8)


def exposed(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move luma, 0 to 1, half of the way to a fixed mean and contrast."""
    corrected = 0.48 + 0.3 * (luma - luma.mean()) / (luma.std() + 0.04)
    return (luma + corrected) / 2


def blurred(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """A Gaussian blur, sigma in pixels."""
    result: NDArray[np.float32] = cv2.GaussianBlur(image, (0, 0), sigma)
    return result


def step(values: NDArray[np.float32], at: float, width: float) -> NDArray[np.float32]:
    """0 below, 1 above, and a smooth rise of the given width between."""
    x = np.clip((values - at) / width + 0.5, 0, 1)
    return x * x * (3 - 2 * x)


def covered(
    painting: NDArray[np.float32], color: NDArray[np.float32], cover: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Lay a color over a painting; cover, (H, W), says how densely."""
    return painting + cover[..., None] * (color - painting)
