"""Draw a discriminator's scores as a heat map over the picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gan.config import Config
from gan.config.tables.recipes import RECIPES
from gan.domains import Domain
from gan.networks.assembly import build_networks
from gan.training.checkpoint.states import newest_state
from gan.training.optimization import by_name

REAL, FALSE = np.array([235.0, 120.0, 20.0]), np.array([40.0, 90.0, 210.0])
"""Orange for patches that score high, blue for those that score low."""
FULL = 2.0
"""Standard deviations from the mean at which colors are strongest."""
STRONGEST = 0.65
"""Largest share of the color in a blend with the picture."""


def open_discriminator(run: Path, config: Config, domain: Domain) -> nn.Module:
    """Load the discriminator of a domain from a run's newest training state, on the CPU.

    ValueError if the recipe has none, or if no state can be read.
    """
    if domain not in RECIPES[config.recipe].discriminators:
        raise ValueError(
            f"the recipe {config.recipe} has no discriminator for domain {domain.upper()}"
        )
    state, _ = newest_state(run / "state")
    if state is None:
        raise ValueError(f"{run / 'state'} holds no training state")
    name = f"disc_{domain}"
    data = config.data
    built = build_networks(config.networks, data.channels_a, data.channels_b, [name], seed=0)
    saved, _ = state.load(0)
    network = built[name]
    network.load_state_dict(by_name(saved["networks"], RECIPES[config.recipe].networks)[name])
    return network.eval().requires_grad_(False)


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
    scale is normalized by its mean and deviation over all pictures, so that the maps of one call
    can be compared. Scales have equal weights.
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
    """Return a picture (H, W, 3) in gray, blended with the colors of its heat map (H, W)."""
    gray = pixels.astype(float).mean(2, keepdims=True)
    strength = (np.abs(heat) / FULL).clip(0, 1)[..., None] * STRONGEST
    color = np.where(heat[..., None] > 0, REAL, FALSE)
    blended: NDArray[np.uint8] = np.rint(gray + strength * (color - gray)).astype(np.uint8)
    return blended
