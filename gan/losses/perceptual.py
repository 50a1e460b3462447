"""Distances between feature maps, position by position, and sums over layers."""

from collections.abc import Mapping

import torch
from torch import Tensor


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """Return 1/2 sum (F - P)^2 over channels and positions.

    Gatys et al. 2016, Eq. 1. F, the features, and P, the target, are (N, C, h, w); the result is a
    scalar, the mean over the N pictures. It grows with h w; perceptual_distance does not.
    """
    assert features.shape == target.shape, f"{features.shape} and {target.shape}"
    return (features - target).square().flatten(1).sum(dim=1).mean() / 2


def perceptual_distance(features: Tensor, target: Tensor) -> Tensor:
    """Return 1/(C h w) sum (F - P)^2: the mean squared difference, content_loss * 2/(C h w).

    Johnson et al. 2016, Eq. 2. F, the features, and P, the target, are (N, C, h, w); the result is
    a scalar, the mean over the N pictures.
    """
    assert features.shape == target.shape, f"{features.shape} and {target.shape}"
    return (features - target).square().mean()


def weighted_sum(terms: Mapping[str, Tensor], weights: Mapping[str, float] | None = None) -> Tensor:
    """Return sum_l w_l E_l over the layers l; the mean of the E_l if no weights are given.

    terms maps each layer to E_l, a scalar, and weights each layer to w_l; their keys must be the
    same. Gatys et al. 2016, Eq. 5; its Sec. 3 uses equal weights that sum to 1.
    """
    if weights is None:
        weights = dict.fromkeys(terms, 1 / len(terms))
    assert weights.keys() == terms.keys(), f"weights of {[*weights]} for {[*terms]}"
    return torch.stack([weights[layer] * term for layer, term in terms.items()]).sum()
