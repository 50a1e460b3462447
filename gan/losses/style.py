"""Gram matrices: statistics of feature maps that do not depend on positions."""

import torch
from torch import Tensor


def gram(features: Tensor) -> Tensor:
    """Return Gram matrices G_ij = sum_k F_ik F_jk over positions k: (N, C, h, w) to (N, C, C).

    Gatys et al. 2016, Eq. 3. Computed in float32 under autocast too: the sums require it.
    """
    with torch.autocast(features.device.type, enabled=False):
        if features.dtype in (torch.float16, torch.bfloat16):
            features = features.float()
        rows = features.flatten(2)
        return rows @ rows.transpose(1, 2)


def mean_gram(features: Tensor) -> Tensor:
    """Return G / M, the Gram matrix divided by the M = h w positions of the map: (N, C, C).

    Divided matrices of pictures of different sizes can be compared and averaged.
    """
    return gram(features) / (features.shape[2] * features.shape[3])


def gram_distance(actual: Tensor, desired: Tensor) -> Tensor:
    """Return 1/(4 C^2) sum (G/M - A/M')^2: Gram matrices G, A of maps with M, M' positions.

    actual, G/M, and desired, A/M', are results of mean_gram, (N, C, C); one of them may be
    (1, C, C), for all pictures of the other. The result is a scalar, the mean over the pictures. If
    M = M', it is exactly Eq. 4 of Gatys et al. 2016, 1/(4 C^2 M^2) sum (G - A)^2; the paper does
    not treat maps of different sizes. It is a quarter of the style loss of Johnson et al. 2016,
    Eq. 4, whose Gram matrices are divided by C h w.
    """
    channels = desired.shape[-1]
    return (actual - desired).square().sum(dim=(1, 2)).mean() / (4 * channels**2)


def style_layer_loss(features: Tensor, style: Tensor) -> Tensor:
    """Return gram_distance of the Gram matrices of two batches of feature maps, a scalar.

    features are (N, C, h, w), style (N or 1, C, h', w'): their sizes may differ.
    """
    return gram_distance(mean_gram(features), mean_gram(style))
