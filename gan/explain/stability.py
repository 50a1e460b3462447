"""Measure how much a translation changes when its picture changes a little."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""(H, W, C)."""

SHIFT = 3
"""Pixels; not a multiple of a generator's stride of 4."""


@dataclass(frozen=True)
class Change:
    """A small change and its effect; differences are root mean squares in gray levels."""

    name: str
    changed: Pixels
    """The translation of the changed picture."""
    before: float
    """Change of the picture; 0 for a shift."""
    after: float
    """Change of the translation."""

    @property
    def gain(self) -> float | None:
        """Ratio of the translation's change to the picture's; None for a shift."""
        return self.after / self.before if self.before else None


def difference(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the root mean square difference of two pictures, in gray levels."""
    return float(np.sqrt(np.mean((one.astype(float) - other.astype(float)) ** 2)))


def _noise(pixels: Pixels) -> Pixels:
    drawn = np.random.default_rng(0).normal(0, 8, pixels.shape)
    noisy: Pixels = np.rint(pixels + drawn).clip(0, 255).astype(np.uint8)
    return noisy


def _blur(pixels: Pixels) -> Pixels:
    blurred = cv2.GaussianBlur(pixels, (0, 0), 1.0)
    return np.asarray(blurred, np.uint8).reshape(pixels.shape)


def _jpeg(pixels: Pixels) -> Pixels:
    file = io.BytesIO()
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    image.save(file, "JPEG", quality=40)
    decoded = np.asarray(Image.open(file), np.uint8)
    return decoded.reshape(pixels.shape)


def _brighter(pixels: Pixels) -> Pixels:
    brighter: Pixels = np.rint(pixels * 1.1).clip(0, 255).astype(np.uint8)
    return brighter


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "noise of 8 gray levels": _noise,
    "blur of 1 pixel": _blur,
    "JPEG at quality 40": _jpeg,
    "10 % brighter": _brighter,
}
"""Functions that change a picture, by their names on the sheet."""


def measure(translate: Callable[[Pixels], Pixels], pixels: Pixels) -> Iterator[Change]:
    """Yield the effects of all CHANGES and of a shift on the translation of pixels (H, W, C).

    The shift cuts SHIFT pixels off the left and the top. If the translation moves with the picture,
    it loses the same pixels and does not change otherwise.
    """
    plain = translate(pixels)
    for name, change in CHANGES.items():
        changed = change(pixels)
        result = translate(changed)
        yield Change(name, result, difference(changed, pixels), difference(result, plain))
    moved = translate(np.ascontiguousarray(pixels[SHIFT:, SHIFT:]))
    yield Change(f"shift of {SHIFT} pixels", moved, 0, difference(moved, plain[SHIFT:, SHIFT:]))
