"""Distances of a picture from another one of its size, by their pixels.

All take (N, C, H, W) in [-1, 1] twice, and return (N,).
"""

from importlib.util import find_spec

import torch
from torch import Tensor

from gan.config.tables.metrics import MS_SSIM_SIDE

IDENTICAL = 100.0
"""Decibels that stand for pictures without any difference, whose ratio is infinite."""


def l1(x: Tensor, y: Tensor) -> Tensor:
    """Return the mean absolute difference in units of [-1, 1]: times 127.5 it is gray levels."""
    return (x - y).abs().flatten(1).mean(1)


def psnr(x: Tensor, y: Tensor) -> Tensor:
    """Return 10 log10(range^2 / mean squared difference) in decibels, at most 100; higher is
    nearer."""
    mse = (x - y).square().flatten(1).mean(1)
    return (10 * torch.log10(4 / mse)).clamp(max=IDENTICAL)


def ssim(x: Tensor, y: Tensor) -> Tensor:
    """Return structural similarity (Wang et al. 2004), torchmetrics': 1 at most, higher is nearer.

    Gaussian windows of 11 pixels and sigma 1.5. Sides of 11 pixels or more.
    """
    from torchmetrics.functional.image import structural_similarity_index_measure

    return torch.reshape(
        structural_similarity_index_measure(
            (x + 1) / 2, (y + 1) / 2, data_range=1.0, reduction="none"
        ),
        (len(x),),
    )


def ms_ssim(x: Tensor, y: Tensor) -> Tensor:
    """Return multi-scale structural similarity (Wang et al. 2003), torchmetrics': 1 at most.

    Five scales: sides of MS_SSIM_SIDE pixels or more. Negative terms are clipped at 0.
    """
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

    assert min(x.shape[-2:]) >= MS_SSIM_SIDE
    return torch.reshape(
        multiscale_structural_similarity_index_measure(
            (x + 1) / 2, (y + 1) / 2, data_range=1.0, reduction="none", normalize="relu"
        ),
        (len(x),),
    )


def has_torchmetrics() -> bool:
    """Return whether the extra `metrics` is installed."""
    return find_spec("torchmetrics") is not None
