"""The only place that knows how [-1, 1] and 8 bits are related."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def from_image(image: Image.Image) -> Tensor:
    """A picture of mode RGB or L as a uint8 tensor (C, H, W)."""
    pixels = np.array(image)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def to_image(pixels: Tensor) -> Image.Image:
    """A uint8 tensor (C, H, W) of 1 or 3 channels as a picture of mode L or RGB."""
    array = pixels.permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)


def to_unit(pixels: Tensor) -> Tensor:
    """uint8 to float32 in [-1, 1]."""
    return pixels.float() / 127.5 - 1


def to_pixels(unit: Tensor) -> Tensor:
    """Floats in [-1, 1] to uint8, rounded (the reference truncates) and clipped."""
    return ((unit.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
