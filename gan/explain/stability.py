"""Measure how much a translation changes when its picture changes a little."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan.config.tables.degradations import DEGRADATIONS, SHIFTS
from gan.images.degradations import degrade

Pixels = NDArray[np.uint8]
"""(H, W, C)."""

SHIFT, _ = SHIFTS


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


def measure(translate: Callable[[Pixels], Pixels], pixels: Pixels) -> Iterator[Change]:
    """Yield the effects of mild degradations and of a shift on a translation.

    pixels are (H, W, C). The degradations are those of gan evaluate --robust. The shift cuts SHIFT
    pixels off the left and the top. A shift-equivariant generator gives the same translation
    without these pixels.
    """
    plain = translate(pixels)
    for name, row in DEGRADATIONS.items():
        mild, _ = row.fixed
        changed = degrade(pixels, name, mild, np.random.default_rng(0))
        result = translate(changed)
        yield Change(
            row.named(mild), result, difference(changed, pixels), difference(result, plain)
        )
    moved = translate(np.ascontiguousarray(pixels[SHIFT:, SHIFT:]))
    yield Change(f"shift of {SHIFT} pixels", moved, 0, difference(moved, plain[SHIFT:, SHIFT:]))
