"""Downsampling and upsampling with a filter, which prevents aliasing.

Zhang 2019, "Making convolutional networks shift-invariant again", as in the generators of CUT (Park
et al. 2020): convolutions of stride 1, and fixed binomial filters, stored with the weights.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d

from gan.networks.layers import ReflectionPad


def _binomial(weights: list[float], channels: int) -> Tensor:
    """Return the outer product of k weights with themselves, with sum 1, as (channels, 1, k, k)."""
    row = torch.tensor(weights) / sum(weights)
    return torch.outer(row, row).repeat(channels, 1, 1, 1)


class BlurDown(nn.Module):
    """Halves height and width, rounded up: a 3x3 binomial filter, then every second pixel."""

    filt: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pad = ReflectionPad(1)
        self.register_buffer("filt", _binomial([1, 2, 1], channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, H, W) to half the height and width, rounded up."""
        return conv2d(self.pad(x), self.filt, stride=2, groups=x.shape[1])


class BlurUp(nn.Module):
    """Doubles height and width with a 4x4 binomial filter: bilinear, edges repeated."""

    filt: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("filt", 4 * _binomial([1, 3, 3, 1], channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, H, W) to (N, channels, 2 H, 2 W)."""
        # Slices: the backward of replicate padding adds in no fixed order on GPUs, and does not
        # compile on CPUs (torch 2.15).
        x = torch.cat([x[:, :, :1], x, x[:, :, -1:]], 2)
        x = torch.cat([x[..., :1], x, x[..., -1:]], 3)
        return conv_transpose2d(x, self.filt, stride=2, padding=3, groups=x.shape[1])
