"""Statistics of feature maps that forget where things are: Gram matrices."""

import torch
from torch import Tensor


def gram(features: Tensor) -> Tensor:
    """Return G_ij = sum_k F_ik F_jk over the positions k of every picture: (N, C, h, w) to (N, C,
    C).

    Gatys et al. 2016, Eq. 3. In float32 under autocast too: the sums need it.
    """
    with torch.autocast(features.device.type, enabled=False):
        if features.dtype in (torch.float16, torch.bfloat16):
            features = features.float()
        rows = features.flatten(2)
        return rows @ rows.transpose(1, 2)


def mean_gram(features: Tensor) -> Tensor:
    """Return G / M, the Gram matrix per position of a map with M = h w positions: (N, C, C).

    Pictures of different sizes compare in it; running averages are averages of it.
    """
    return gram(features) / (features.shape[2] * features.shape[3])


def gram_distance(actual: Tensor, desired: Tensor) -> Tensor:
    """Return 1/(4 C^2) sum (G/M - A/M')^2 of Gram matrices per position.

    G/M, the actual, and A/M', the desired, are (N, C, C), or one of them (1, C, C) for all pictures
    of the other; of several pictures it is the mean. Where M = M' it is Eq. 4 of Gatys et al. 2016,
    1/(4 C^2 M^2) sum (G - A)^2, exactly; the paper has no case for maps of different sizes. It is a
    quarter of the style loss of Johnson et al. 2016, Eq. 4, whose Gram matrices are divided by
    C h w.
    """
    channels = desired.shape[-1]
    return (actual - desired).square().sum(dim=(1, 2)).mean() / (4 * channels**2)


def style_layer_loss(features: Tensor, style: Tensor) -> Tensor:
    """Return the distance of two maps' Gram matrices, each per position; see gram_distance.

    features (N, C, h, w) and style (N or 1, C, h', w') may differ in size.
    """
    return gram_distance(mean_gram(features), mean_gram(style))
