"""Norms of an image that is processed in pieces: collect statistics, then apply scale and shift."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

Norm = nn.InstanceNorm2d | nn.BatchNorm2d

PIECE = 2**19
"""Number of values that are summed in float32 at once: few enough for the processor's cache."""


class Statistics(NamedTuple):
    """Means and biased variances (C,) of one image's maps, in float64 on the CPU."""

    mean: Tensor
    variance: Tensor


class Moments:
    """Count, means and sums of squared deviations of C channels, in float64 on the CPU.

    Pieces are merged by Chan, Golub and LeVeque 1979, "Updating formulae and a pairwise algorithm
    for computing sample variances", which avoids differences of large squares.
    """

    def __init__(self, channels: int) -> None:
        self.count = 0
        self.mean = torch.zeros(channels, dtype=torch.float64)
        self.deviation = torch.zeros(channels, dtype=torch.float64)

    def add(self, x: Tensor) -> None:
        """Add the values of a piece (1, C, h, w); it is fastest in channels_last."""
        channels = x.shape[1]
        for piece in x.movedim(1, -1).reshape(-1, channels).split(max(1, PIECE // channels)):
            count, total = len(piece), self.count + len(piece)
            center = piece.mean(0)  # its rounding error is the mean of the rest
            rest = piece - center
            drift = rest.mean(0).cpu().double()
            squares = rest.square_().sum(0).cpu().double()
            step = center.cpu().double() + drift - self.mean
            self.mean += step * (count / total)
            self.deviation += squares - count * drift**2 + step**2 * (self.count * count / total)
            self.count = total

    @property
    def variance(self) -> Tensor:
        """The biased variance (C,), which the norms use."""
        return self.deviation / self.count


def settled(norm: Norm, moments: Moments | None) -> Callable[[Tensor], Tensor]:
    """Return a norm in eval mode as a function that computes scale * x + shift in place.

    moments are those of the whole image; norms with running statistics do not need them.
    """
    if norm.running_mean is None or norm.running_var is None:
        assert moments is not None
        statistics = held(norm, Statistics(moments.mean, moments.variance))
    else:
        mean, variance = norm.running_mean.cpu().double(), norm.running_var.cpu().double()
        statistics = Statistics(mean, variance)
    scale, shift = scale_and_shift(norm, statistics)

    def apply(x: Tensor) -> Tensor:
        return torch.addcmul(shift.to(x.device), x, scale.to(x.device), out=x)

    return apply


def scale_and_shift(norm: Norm, statistics: Statistics) -> tuple[Tensor, Tensor]:
    """Return the scale and shift, float32 (1, C, 1, 1), that a norm applies with statistics."""
    mean, variance = statistics
    scale = (variance + norm.eps).rsqrt()
    if norm.affine:
        scale = scale * norm.weight.detach().cpu().double()
    shift = -mean * scale
    if norm.affine:
        shift = shift + norm.bias.detach().cpu().double()
    return scale.float().view(1, -1, 1, 1), shift.float().view(1, -1, 1, 1)


HOLD = "hold"
"""Attribute of a norm whose statistics are kept steady over a clip: a function that maps the
statistics of a frame to those that are applied."""


def held(norm: Norm, statistics: Statistics) -> Statistics:
    """Return the statistics that a norm applies: the image's own, or in a video the held ones."""
    hold: Callable[[Statistics], Statistics] = getattr(norm, HOLD, _same)
    return hold(statistics)


def _same(statistics: Statistics) -> Statistics:
    return statistics
