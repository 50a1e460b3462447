"""Distances of what frozen networks make of pictures: feature maps, their Gram matrices, logits.

Gram matrices are statistics of feature maps that forget where things are.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


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


def gram(features: Tensor) -> Tensor:
    """G_ij = sum_k F_ik F_jk over the positions k of every picture: (N, C, h, w) to (N, C, C).

    Gatys et al. 2016, Eq. 3. In float32 under autocast too: the sums need it.
    """
    with torch.autocast(features.device.type, enabled=False):
        if features.dtype in (torch.float16, torch.bfloat16):
            features = features.float()
        rows = features.flatten(2)
        return rows @ rows.transpose(1, 2)


def mean_gram(features: Tensor) -> Tensor:
    """G / M, the Gram matrix per position of a map with M = h w positions: (N, C, C).

    Pictures of different sizes compare in it; running averages are averages of it.
    """
    return gram(features) / (features.shape[2] * features.shape[3])


def gram_distance(actual: Tensor, desired: Tensor) -> Tensor:
    """1/(4 C^2) sum (G/M - A/M')^2 of Gram matrices per position.

    Both are (N, C, C), or one of them (1, C, C) for all pictures of the other; of several pictures
    it is the mean. Where M = M' it is Eq. 4 of Gatys et al. 2016, 1/(4 C^2 M^2) sum (G - A)^2,
    exactly; the paper has no case for maps of different sizes. It is a quarter of the style loss of
    Johnson et al. 2016, Eq. 4, whose Gram matrices are divided by C h w.
    """
    channels = desired.shape[-1]
    return (actual - desired).square().sum(dim=(1, 2)).mean() / (4 * channels**2)


def style_layer_loss(features: Tensor, style: Tensor) -> Tensor:
    """The distance of two maps' Gram matrices, each per position; see gram_distance.

    features (N, C, h, w) and style (N or 1, C, h', w') may differ in size.
    """
    return gram_distance(mean_gram(features), mean_gram(style))


def weighted_sum(terms: Mapping[str, Tensor], weights: Mapping[str, float] | None = None) -> Tensor:
    """sum_l w_l E_l over the layers l, the mean where no weights are given.

    Gatys et al. 2016, Eq. 5; the equal weights that sum to 1 are those of its Sec. 3. The weights
    name exactly the layers of the terms.
    """
    if weights is None:
        weights = dict.fromkeys(terms, 1 / len(terms))
    assert weights.keys() == terms.keys(), f"weights of {[*weights]} for {[*terms]}"
    return torch.stack([weights[layer] * term for layer, term in terms.items()]).sum()


def semantic_loss(logits: Tensor, original: Tensor) -> Tensor:
    """-log p_k of translations, k being the likeliest class of their originals.

    Hoffman et al. 2018 (CyCADA), Eq. 4, one of its two terms. Both are a frozen classifier's
    logits, (N, classes), p their softmax; of several pictures it is the mean. No gradient
    flows to the originals, which are the target.
    """
    assert logits.shape == original.shape, f"{logits.shape} and {original.shape}"
    return cross_entropy(logits, original.argmax(dim=1))
