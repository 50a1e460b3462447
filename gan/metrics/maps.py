"""Distances of images by their feature maps in a frozen network.

Maps are {layer: (N, C, h, w)}; results are (N,).
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, normalize

from gan.losses import gram_distance, mean_gram

Maps = Mapping[str, Tensor]

EPS = 1e-10
"""Length below which a feature vector is not normalized, as in LPIPS."""
POSITIONS = 32
"""Longest side of maps whose structure is compared."""


def gram_distances(maps: Maps, desired: Maps) -> Tensor:
    """Return the distances (N,) of the maps' mean Gram matrices from `desired`, mean over layers.

    `desired` has one matrix (1, C, C) by layer. The distance is Eq. 4 of Gatys et al. 2016, with
    matrices divided by the number of positions, as in gan/losses/style.py. It compares textures, no
    matter where they are in the image.
    """
    layers = [
        torch.stack([gram_distance(own[None], desired[layer]) for own in mean_gram(maps[layer])])
        for layer in desired
    ]
    return torch.stack(layers).mean(0)


def structure_distance(x: Tensor, y: Tensor) -> Tensor:
    """Return mean_ij (S_ij(x) - S_ij(y))^2 of maps (N, C, h, w); 0 is the same structure.

    S_ij is the cosine of the features at positions i and j; it hardly changes if only the style
    does. Splice (Tumanyan et al. 2022) compares the keys of a ViT in this way; its code uses the
    mean of squares in place of the paper's norm, and later papers call the result DINO-structure.
    Here the features are a map of a convolutional network, as in LSeSim (Zheng et al. 2021), with
    all positions as the patch. Larger maps are averaged to POSITIONS per side first, because S has
    a number for every two positions.
    """
    return (_self_similarity(x) - _self_similarity(y)).square().flatten(1).mean(1)


def _self_similarity(features: Tensor) -> Tensor:
    """Return the cosines (N, h w, h w) of every two positions of maps (N, C, h, w).

    Sides above POSITIONS are averaged to POSITIONS first.
    """
    if max(features.shape[2:]) > POSITIONS:
        height, width = (min(side, POSITIONS) for side in features.shape[2:])
        features = adaptive_avg_pool2d(features, (height, width))
    rows = normalize(features.flatten(2), dim=1, eps=EPS)
    return rows.transpose(1, 2) @ rows


def layer_distance(x: Maps, y: Maps) -> Tensor:
    """Return the squared difference of unit feature vectors, as in LPIPS, but with all weights 1.

    As in Eq. 1 of Zhang et al. 2018, it is summed over channels and averaged over positions; here
    it is averaged over layers too. It is for networks without published LPIPS weights.
    """
    layers = [apart.sum(1).flatten(1).mean(1) for apart in unit_squares(x, y).values()]
    return torch.stack(layers).mean(0)


def unit_squares(x: Maps, y: Maps) -> dict[str, Tensor]:
    """Return the squared differences of unit feature vectors by layer, each (N, C, h, w)."""
    return {
        layer: (normalize(x[layer], dim=1, eps=EPS) - normalize(y[layer], dim=1, eps=EPS)).square()
        for layer in x
    }
