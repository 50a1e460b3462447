"""Scale pictures to the size at which a network works, and back."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own convention
from torch import Tensor

from gan.images.resize import short_size

NOTABLE = 2
"""Ratio of the pictures' size to the training size from which on `advice` is given."""


def working_size(height: int, width: int, size: int | None) -> tuple[int, int]:
    """Return (height, width) scaled to a shorter side of `size` pixels; unchanged for None."""
    if size is None:
        return height, width
    wide, high = short_size(width, height, size)
    return high, wide


def scale(unit: Tensor, size: tuple[int, int]) -> Tensor:
    """Scale pictures (N, C, H, W) in [-1, 1] to (height, width): float32, bicubic, clipped.

    Pictures of that size are returned unchanged. Shrinking filters first, as Pillow does. Channels
    are scaled one by one, which takes a third of the memory.
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

    about: the metadata of its file. None if they were not scaled or if it is not known.
    """
    size = about.get("load_size")
    return size if about.get("resize") in ("square", "short") and isinstance(size, int) else None


def advice(trained: int | None, sizes: Sequence[tuple[int, int]]) -> str | None:
    """Return a line of advice for pictures that are much larger than the training images, or None.

    trained: shorter side of the training images. sizes: (width, height) of the pictures. None if
    the median of their shorter sides is below NOTABLE times `trained`.
    """
    if trained is None or not sizes:
        return None
    present = round(median(min(size) for size in sizes))
    if present < NOTABLE * trained:
        return None
    return (
        f"The generator was trained at {trained} pixels (the shorter side); these pictures have "
        f"{present}, so its texture is {present / trained:.1f} times finer than in training. "
        f"--size {trained} translates at that size; sizes up to {present} give finer texture"
    )
