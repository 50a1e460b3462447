"""Draw a discriminator's scores as heat maps over pictures."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gan.images.pixels import from_array, to_array, to_pixels, to_unit
from gan.networks.layers import in_eval_mode

REAL, FALSE = np.array([235.0, 120.0, 20.0]), np.array([40.0, 90.0, 210.0])
"""Color of patches with high scores (orange), and with low scores (blue)."""
FULL = 2.0
"""Standard deviations from the mean at which colors are strongest."""
STRONGEST = 0.65
"""Largest share of the color in a blend with the picture."""


@torch.inference_mode()
def score(network: nn.Module, unit: Tensor) -> list[Tensor]:
    """Return the raw score maps (h, w) of a picture (1, C, H, W) in [-1, 1], one per scale."""
    scores = network(unit)
    maps = scores if isinstance(scores, (list, tuple)) else [scores]
    return [each[0, 0].float().cpu() for each in maps]


def heat_maps(
    scored: Sequence[Sequence[Tensor]], sizes: Sequence[tuple[int, int]]
) -> list[NDArray[np.float64]]:
    """Return a heat map (H, W) for each picture from its score maps, in standard deviations.

    scored: score maps (h, w) of each picture, one per scale. sizes: (H, W) of each picture. Each
    scale is normalized by its mean and deviation over all pictures, so the maps of one call are
    comparable. All scales have equal weights.
    """
    totals = [np.zeros(size) for size in sizes]
    for scale in zip(*scored, strict=True):
        values = torch.cat([each.flatten() for each in scale]).double()
        mean, spread = values.mean(), values.std(correction=0)
        for total, each, size in zip(totals, scale, sizes, strict=True):
            standard = (each.double() - mean) / spread if spread > 0 else each.double() * 0
            large = functional.interpolate(standard[None, None], size, mode="bilinear")[0, 0]
            total += large.numpy() / len(scored[0])
    return totals


def overlay(pixels: NDArray[np.uint8], heat: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return a picture (H, W, 3) in gray, overlaid with the colors of its heat map (H, W)."""
    gray = pixels.astype(float).mean(2, keepdims=True)
    strength = (np.abs(heat) / FULL).clip(0, 1)[..., None] * STRONGEST
    color = np.where(heat[..., None] > 0, REAL, FALSE)
    blended: NDArray[np.uint8] = np.rint(gray + strength * (color - gray)).astype(np.uint8)
    return blended


def score_columns(network: nn.Module, *columns: Tensor) -> list[Tensor]:
    """Return a column of heat maps for each column of pictures, (N, 1 or 3, H, W) in [-1, 1].

    Results are (N, 3, H, W) in [-1, 1], on the CPU, with one normalization for all. The network
    runs in eval mode, one picture at a time; its mode is then restored.
    """
    with in_eval_mode(network):
        scored = [score(network, image[None]) for column in columns for image in column]
    sizes = [(image.shape[1], image.shape[2]) for column in columns for image in column]
    heats = iter(heat_maps(scored, sizes))
    return [torch.stack([_drawn(image, next(heats)) for image in column]) for column in columns]


def _drawn(image: Tensor, heat: NDArray[np.float64]) -> Tensor:
    """Return a picture (C, H, W) overlaid with its heat map, (3, H, W); both are in [-1, 1]."""
    pixels = to_array(to_pixels(image).expand(3, -1, -1))
    return to_unit(from_array(overlay(pixels, heat)))
