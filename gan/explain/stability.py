"""How much a translation moves when its picture changes a little."""

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
"""Pixels, no multiple of a generator's stride of 4."""


@dataclass(frozen=True)
class Change:
    """What a small change of the picture did; differences are root mean squares in gray levels."""

    name: str
    changed: Pixels
    """The translation of the changed picture."""
    before: float
    """How far the picture was moved; 0 for a shift, which loses nothing."""
    after: float
    """How far the translation moved."""

    @property
    def gain(self) -> float | None:
        """Return how many times larger the translation's change is than the picture's."""
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
"""By their names on the sheet."""


def measure(translate: Callable[[Pixels], Pixels], pixels: Pixels) -> Iterator[Change]:
    """Yield each of CHANGES and a shift, with the translations of a picture of uint8 (H, W, C).

    A shift cuts SHIFT pixels off the left and the top; a translator that moves with the picture
    gives the same picture without them.
    """
    plain = translate(pixels)
    for name, change in CHANGES.items():
        changed = change(pixels)
        result = translate(changed)
        yield Change(name, result, difference(changed, pixels), difference(result, plain))
    moved = translate(np.ascontiguousarray(pixels[SHIFT:, SHIFT:]))
    yield Change(f"shift of {SHIFT} pixels", moved, 0, difference(moved, plain[SHIFT:, SHIFT:]))
