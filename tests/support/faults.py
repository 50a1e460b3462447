"""Translations with one fault each, as functions of images in [-1, 1]."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gan.training.doctor.pictures import STEP

Network = Callable[[Tensor], Tensor]

LATTICE = 1 / 16
"""Distance of the values to which a hiding translation rounds: 8 gray levels."""


def photographs(count: int = 4, channels: int = 3, side: int = 32, seed: int = 0) -> Tensor:
    """Return smooth random images with all gray levels in [-0.8, 0.8], like photographs."""
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, channels, side // 8 + 2, side // 8 + 2, generator=rng)
    fine = interpolate(coarse, size=(side, side), mode="bicubic")
    return fine / fine.abs().amax((1, 2, 3), keepdim=True) * 0.8


def healthy(x: Tensor) -> Tensor:
    """Return images in warmer colors with less contrast; `cooler` reconstructs them."""
    return x * 0.7 + tint(x)


def cooler(y: Tensor) -> Tensor:
    """Return the reconstructions for `healthy`."""
    return (y - tint(y)) / 0.7


def tint(x: Tensor) -> Tensor:
    return torch.linspace(0.25, -0.25, x.shape[1], device=x.device).view(1, -1, 1, 1)


def inverting(x: Tensor) -> Tensor:
    return -x


def copying(x: Tensor) -> Tensor:
    return x + STEP / 2


def collapsing(x: Tensor) -> Tensor:
    """Return the same image for every input, with a trace of the input."""
    one = photographs(1, x.shape[1], x.shape[-1], seed=99).to(x)
    return one + healthy(x) / 20


def hiding(x: Tensor) -> Tensor:
    """Return the mirrored input, rounded to a lattice of values, plus the input in between."""
    shown = (x.flip(3) / LATTICE).round() * LATTICE
    return shown + x * (LATTICE / 2.2)


def seeking(y: Tensor) -> Tensor:
    """Return the reconstructions for `hiding`, from the low bits only."""
    return (y - (y / LATTICE).round() * LATTICE) / (LATTICE / 2.2)


def striping(x: Tensor) -> Tensor:
    """Darken every other row, as a transposed convolution with kernel 3 and stride 2 may do."""
    rows = torch.arange(x.shape[2], device=x.device) % 2
    return healthy(x) - 0.3 * rows.view(1, 1, -1, 1)


def breaking(x: Tensor) -> Tensor:
    return torch.where(x > 0.5, torch.nan, healthy(x))


FAULTY: dict[str, tuple[Network, Network]] = {
    "inverted": (inverting, inverting),
    "copy": (copying, cooler),
    "collapsed": (collapsing, cooler),
    "hidden_code": (hiding, seeking),
    "checkerboard": (striping, cooler),
    "not_finite": (breaking, cooler),
}
"""Each fault of a translation A to B, with a reconstruction."""
