"""Distances of two pictures' feature maps, position by position."""

from torch import Tensor


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """1/2 sum (F - P)^2 over channels and positions.

    Gatys et al. 2016, Eq. 1. Both are (N, C, h, w); of several pictures it is the mean. It grows
    with the size of the picture; perceptual_distance does not.
    """
    assert features.shape == target.shape, f"{features.shape} and {target.shape}"
    return (features - target).square().flatten(1).sum(dim=1).mean() / 2


def perceptual_distance(features: Tensor, target: Tensor) -> Tensor:
    """1/(C h w) sum (F - P)^2: the mean squared distance, 2/(C h w) of the content loss.

    Johnson et al. 2016, Eq. 2. Both are (N, C, h, w); of several pictures it is the mean.
    """
    assert features.shape == target.shape, f"{features.shape} and {target.shape}"
    return (features - target).square().mean()
