"""Variation losses: differences of neighboring pixels, to keep pictures smooth."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import pad

Reduction = Literal["mean", "sum"]
"""mean: over pixels, channels and pictures. sum: over pixels and channels, then the mean over
pictures."""


def total_variation(images: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Return sqrt(dx^2 + dy^2), reduced over the images; dx, dy are differences of neighbors.

    Rudin, Osher and Fatemi 1992, with forward differences. Images are (N, C, H, W), the result is a
    scalar. dx is 0 in the last column, dy in the last row. reduction "mean" averages over pixels,
    channels and pictures; "sum" adds over pixels and channels and averages over pictures. The
    gradient at dx = dy = 0, where the root has none, is 0.
    """
    # The norm's derivative at 0 is 0 in torch; a root of a sum of squares would give NaN there.
    return _reduce(torch.linalg.vector_norm(_steps(images), dim=0), reduction)


def squared_variation(images: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Return dx^2 + dy^2, reduced over the images; dx, dy are differences of neighbors.

    Mahendran and Vedaldi 2015, Sec. 3, with beta = 2. Shapes, borders and reduction as in
    total_variation.
    """
    return _reduce(_steps(images).square().sum(dim=0), reduction)


def _steps(images: Tensor) -> Tensor:
    """Return dx and dy stacked, (2, N, C, H, W): right and lower neighbors minus the pixels."""
    if images.dtype in (torch.float16, torch.bfloat16):
        images = images.float()
    return torch.stack([pad(images.diff(dim=3), (0, 1)), pad(images.diff(dim=2), (0, 0, 0, 1))])


def _reduce(values: Tensor, reduction: Reduction) -> Tensor:
    """Reduce (N, C, H, W) to a scalar."""
    return values.mean() if reduction == "mean" else values.sum(dim=(1, 2, 3)).mean()
