"""Keep a photograph's colors.

Gatys, Bethge, Hertzmann and Shechtman 2016, "Preserving color in neural artistic style transfer".
Pictures are (1, 3, H, W) in [-1, 1], red, green, blue.
"""

import torch
from torch import Tensor

from gan.images.color import LUMA


def luma(picture: Tensor) -> Tensor:
    """Return the Y of YIQ, (1, 1, H, W) in [-1, 1]."""
    return (picture * picture.new_tensor(LUMA).view(3, 1, 1)).sum(dim=1, keepdim=True)


def with_luma(picture: Tensor, lightness: Tensor) -> Tensor:
    """Return the picture with its Y replaced by a lightness (1, 1, H, W), I and Q kept (Sec. 3.2).

    The differences of red, green and blue from Y depend on I and Q only. Y is limited so that all
    three are in [-1, 1]: clipping each of them would change the hue.
    """
    above = picture - luma(picture)
    low, high = -1 - above.amin(dim=1, keepdim=True), 1 - above.amax(dim=1, keepdim=True)
    return lightness.clamp(low, high) + above


def recolored(picture: Tensor, model: Tensor) -> Tensor:
    """Return `picture` with the mean and covariance of `model`'s colors, clipped to [-1, 1].

    x' = A x + b with A = S_model^1/2 S_picture^-1/2 (Sec. 3.1). These are the symmetric roots,
    which change colors least. With one channel, it is the matching of Sec. 3.2.
    """
    pixels = picture.flatten(2)[0].double()
    mean, covariance = _moments(pixels)
    wanted_mean, wanted_covariance = _moments(model.flatten(2)[0].double())
    matrix = _power(wanted_covariance, 0.5) @ _power(covariance, -0.5)
    return (matrix @ (pixels - mean) + wanted_mean).to(picture.dtype).view_as(picture).clamp(-1, 1)


def _moments(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean (C, 1) and covariance (C, C) of pixels (C, K)."""
    mean = pixels.mean(dim=1, keepdim=True)
    return mean, (pixels - mean) @ (pixels - mean).T / pixels.shape[1]


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """Return a power of a symmetric matrix without negative eigenvalues."""
    values, vectors = torch.linalg.eigh(matrix)
    # A gray or plain picture has no variance in some directions; they need no exact scale.
    scales = torch.diag(values.clamp_min(1e-6) ** exponent)
    result: Tensor = vectors @ scales @ vectors.T
    return result
