"""Distances of pictures by what a frozen network sees in them.

Maps are mappings from layer names to (N, C, h, w); results are (N,).
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, normalize

from gan.losses import gram_distance, mean_gram

Maps = Mapping[str, Tensor]

EPS = 1e-10
"""Length of a feature vector below which it has no direction; as in LPIPS."""
POSITIONS = 32
"""A side of the maps whose structure is compared."""


def gram_distances(maps: Maps, desired: Maps) -> Tensor:
    """Return the distances of every picture's Gram matrices from the desired (1, C, C): the mean
    over layers.

    gan/losses/style.py: Gatys et al. 2016, Eq. 4, per position. How unlike the textures are,
    wherever they lie.
    """
    layers = [
        torch.stack([gram_distance(own[None], desired[layer]) for own in mean_gram(maps[layer])])
        for layer in desired
    ]
    return torch.stack(layers).mean(0)


def structure_distance(x: Tensor, y: Tensor) -> Tensor:
    """Return mean_ij (S_ij(x) - S_ij(y))^2, with S_ij the cosine of the features at positions i and
    j.

    Splice (Tumanyan et al. 2022) compares so the keys of a ViT, the mean of squares in place of the
    norm as its code does; papers call it DINO-structure. Here it is one map of a convolutional
    network, as in LSeSim (Zheng et al. 2021), with all positions as the patch. What is like what
    stays when only the style changes: 0 is the same structure. Larger maps are averaged down to
    POSITIONS a side first: there is a number for every two positions.
    """
    return (_self_similarity(x) - _self_similarity(y)).square().flatten(1).mean(1)


def _self_similarity(features: Tensor) -> Tensor:
    """Return cosines of a map's positions: (N, C, h, w) to (N, h w, h w), h and w at most
    POSITIONS."""
    if max(features.shape[2:]) > POSITIONS:
        height, width = (min(side, POSITIONS) for side in features.shape[2:])
        features = adaptive_avg_pool2d(features, (height, width))
    rows = normalize(features.flatten(2), dim=1, eps=EPS)
    return rows.transpose(1, 2) @ rows


def layer_distance(x: Maps, y: Maps) -> Tensor:
    """Return as in LPIPS the squared difference of unit feature vectors, summed over channels.

    Zhang et al. 2018, Eq. 1, with all weights 1, the mean over positions and layers. For other
    networks than those for which they published weights.
    """
    layers = [apart.sum(1).flatten(1).mean(1) for apart in unit_squares(x, y).values()]
    return torch.stack(layers).mean(0)


def unit_squares(x: Maps, y: Maps) -> dict[str, Tensor]:
    """Return the squared differences of unit feature vectors by layer, (N, C, h, w) each."""
    return {
        layer: (normalize(x[layer], dim=1, eps=EPS) - normalize(y[layer], dim=1, eps=EPS)).square()
        for layer in x
    }
