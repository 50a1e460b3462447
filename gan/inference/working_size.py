"""The size at which a network works on a picture, where it is not the picture's own."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own convention
from torch import Tensor

from gan.images.resize import short_size

NOTABLE = 2
"""Times the training's size from which on a picture's own size is worth a line."""


def working_size(height: int, width: int, size: int | None) -> tuple[int, int]:
    """Return (height, width) with the shorter side at `size` pixels; the same for None."""
    if size is None:
        return height, width
    wide, high = short_size(width, height, size)
    return high, wide


def scale(unit: Tensor, size: tuple[int, int]) -> Tensor:
    """Return pictures (N, C, H, W) in [-1, 1] at (height, width), float32, bicubic and clipped.

    Itself at that size. Shrinking filters first, as Pillow does. One channel after the other: the
    intermediate pictures of all would take three times the memory.
    """
    if unit.shape[-2:] == size:
        return unit
    planes = [
        F.interpolate(plane.float(), size, mode="bicubic", antialias=True).clamp(-1, 1)
        for plane in unit.split(1, dim=1)
    ]
    return torch.cat(planes, dim=1)


def trained_at(about: Mapping[str, Any]) -> int | None:
    """Return the shorter side, in pixels, that a generator's training images were scaled to.

    `about` holds the facts of its file. None where they were not scaled, or nothing is known.
    """
    size = about.get("load_size")
    return size if about.get("resize") in ("square", "short") and isinstance(size, int) else None


def advice(trained: int | None, sizes: Sequence[tuple[int, int]]) -> str | None:
    """Return a line about pictures (width, height) that are much larger than training's, if any.

    None where their median shorter side is below NOTABLE times the training's.
    """
    if trained is None or not sizes:
        return None
    present = round(median(min(size) for size in sizes))
    if present < NOTABLE * trained:
        return None
    return (
        f"The generator was trained at {trained} pixels (the shorter side); these pictures have "
        f"{present}, so its texture is {present / trained:.1f} times finer than in training. "
        f"Set --size {trained} to translate at that size, or a size between"
    )
