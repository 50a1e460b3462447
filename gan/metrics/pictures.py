"""Distances of two images of equal size, by their pixels.

All functions take two batches (N, C, H, W) in [-1, 1] and return (N,).
"""

from importlib.util import find_spec

import torch
from torch import Tensor

from gan.config.tables.metrics import MS_SSIM_SIDE

IDENTICAL = 100.0
"""Decibels for equal images, whose ratio is infinite."""


def l1(x: Tensor, y: Tensor) -> Tensor:
    """Return each image's mean absolute difference, (N,); 1 is 127.5 gray levels."""
    return (x - y).abs().flatten(1).mean(1)


def psnr(x: Tensor, y: Tensor) -> Tensor:
    """Return 10 log10(range^2 / mean squared difference), in decibels, at most 100."""
    mse = (x - y).square().flatten(1).mean(1)
    return (10 * torch.log10(4 / mse)).clamp(max=IDENTICAL)


def ssim(x: Tensor, y: Tensor) -> Tensor:
    """Return torchmetrics' structural similarity (Wang et al. 2004): at most 1, higher is better.

    It uses Gaussian windows of 11 pixels, sigma 1.5. Sides must have at least 11 pixels.
    """
    from torchmetrics.functional.image import structural_similarity_index_measure

    return torch.reshape(
        structural_similarity_index_measure(
            (x + 1) / 2, (y + 1) / 2, data_range=1.0, reduction="none"
        ),
        (len(x),),
    )


def ms_ssim(x: Tensor, y: Tensor) -> Tensor:
    """Return torchmetrics' multi-scale structural similarity (Wang et al. 2003): at most 1.

    It uses five scales, so sides must have at least MS_SSIM_SIDE pixels. Negative terms become 0.
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
