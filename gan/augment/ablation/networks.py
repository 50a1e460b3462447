"""The small networks of an ablation."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from gan.semantics.network import Classifier

WIDTHS = (16, 32, 64)
"""Channels of the segmenter's maps; each map has half the side of the one before."""
GROUPS = 8


class Segmenter(nn.Module):
    """A small U-Net: three downsamplings, two upsamplings with skips, and logits enlarged twofold.

    It has group norms, because batch statistics would mix the domains. Its initial weights are
    torch's defaults and depend only on the seed.
    """

    def __init__(self, classes: int, seed: int) -> None:
        super().__init__()
        first, second, third = WIDTHS
        self.enlarge = nn.Upsample(scale_factor=2)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.first = _stage(3, first, stride=2)
            self.second = _stage(first, second, stride=2)
            self.third = _stage(second, third, stride=2)
            self.up_second = _stage(third + second, second)
            self.up_first = _stage(second + first, first)
            self.head = nn.Conv2d(first, classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, classes, H, W) of (N, 3, H, W) in [-1, 1]; sides are multiples of 8."""
        first = self.first(images)
        second = self.second(first)
        deep = self.up_second(torch.cat([self.enlarge(self.third(second)), second], dim=1))
        shallow = self.up_first(torch.cat([self.enlarge(deep), first], dim=1))
        return interpolate(self.head(shallow), scale_factor=2, mode="bilinear")


def _stage(before: int, after: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution with a norm and a ReLU."""
    convolution = nn.Conv2d(before, after, 3, stride=stride, padding=1)
    return nn.Sequential(convolution, nn.GroupNorm(GROUPS, after), nn.ReLU())


def build_network(classes: list[str], side: int, seed: int, *, masks: bool) -> nn.Module:
    """Return a new segmenter or, without masks, a classifier of squares `side` pixels wide."""
    return Segmenter(len(classes), seed) if masks else Classifier(classes, 3, side, seed)
