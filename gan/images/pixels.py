"""Convert pixels: 8 or 16 bits to and from [-1, 1], arrays and images to and from tensors."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from gan.images.color import with_channels

LARGEST = {torch.uint8: 255, torch.uint16: 65535}
ROWS = 256
"""Rows that are blended at once: floats of the whole image would take four times its memory."""


def from_image(image: Image.Image) -> Tensor:
    """Return an image of mode RGB or L as a uint8 tensor (C, H, W)."""
    return from_array(with_channels(np.array(image)))


def to_image(pixels: Tensor) -> Image.Image:
    """Return a uint8 tensor (C, H, W) of 1 or 3 channels as an image of mode L or RGB."""
    array = to_array(pixels)
    return Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)


def from_array(pixels: NDArray[Any]) -> Tensor:
    """Return a uint8 or uint16 array (H, W, C) as a tensor (C, H, W), copied."""
    return torch.from_numpy(np.array(pixels.transpose(2, 0, 1), order="C"))


def to_array(pixels: Tensor) -> NDArray[Any]:
    """Return a uint8 or uint16 tensor (C, H, W) as an array (H, W, C)."""
    array: NDArray[Any] = np.ascontiguousarray(pixels.cpu().numpy().transpose(1, 2, 0))
    return array


def to_unit(pixels: Tensor) -> Tensor:
    """Convert a uint8 or uint16 tensor of any shape to float32 in [-1, 1]."""
    return pixels.float() / (LARGEST[pixels.dtype] / 2) - 1


def to_pixels(unit: Tensor, dtype: torch.dtype = torch.uint8) -> Tensor:
    """Convert floats in [-1, 1] to uint8 or uint16, clipped, rounded (the reference truncates)."""
    largest = LARGEST[dtype]
    return ((unit.float() + 1) * (largest / 2)).round().clamp(0, largest).to(dtype)


def blend(source: NDArray[Any], translation: NDArray[Any], strength: float) -> NDArray[Any]:
    """Return strength * translation + (1 - strength) * source, rounded.

    Both are (H, W, C) of equal size and type; if one is gray, the result has the other's channels.
    At strength 1 the translation is returned unchanged.
    """
    if strength == 1:
        return translation
    result = np.empty(np.maximum(source.shape, translation.shape), source.dtype)
    for top in range(0, len(result), ROWS):
        rows = slice(top, top + ROWS)
        before, after = source[rows].astype(np.float32), translation[rows].astype(np.float32)
        result[rows] = np.rint(strength * after + (1 - strength) * before)
    return result
