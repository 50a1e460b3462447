"""How much neighboring pixels differ: what keeps a picture smooth."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import pad

Reduction = Literal["mean", "sum"]
"""mean over pixels, channels and pictures; or sum over pixels and channels, mean over pictures."""


def total_variation(images: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Return sum sqrt(dx^2 + dy^2) over pixels and channels, dx and dy being steps to the next
    neighbors.

    Rudin, Osher and Fatemi 1992, with forward differences. Images are (N, C, H, W); a step out of
    the picture is 0. The reduction is "mean" over everything, or "sum" over pixels and channels and
    the mean over pictures. The gradient at dx = dy = 0, where the root has none, is 0.
    """
    # The norm's derivative at 0 is 0 in torch; a root of a sum of squares would give NaN there.
    return _reduce(torch.linalg.vector_norm(_steps(images), dim=0), reduction)


def squared_variation(images: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Return sum (dx^2 + dy^2) over pixels and channels: smoother than total_variation, hard on
    edges.

    Mahendran and Vedaldi 2015, Sec. 3, with beta = 2. Shapes, steps and reduction as in
    total_variation.
    """
    return _reduce(_steps(images).square().sum(dim=0), reduction)


def _steps(images: Tensor) -> Tensor:
    """Return the differences to the right and lower neighbors, (2, N, C, H, W); 0 at the edge."""
    if images.dtype in (torch.float16, torch.bfloat16):
        images = images.float()
    return torch.stack([pad(images.diff(dim=3), (0, 1)), pad(images.diff(dim=2), (0, 0, 0, 1))])


def _reduce(values: Tensor, reduction: Reduction) -> Tensor:
    """Return one number of (N, C, H, W)."""
    return values.mean() if reduction == "mean" else values.sum(dim=(1, 2, 3)).mean()
