"""Whitening and coloring (Li et al. 2017, Sec. 3.2), in float64.

    T(f) = S_s^1/2 S_c^-1/2 (f - m_c) + m_s

f are the features at a position, m and S their mean and covariance: of the content (c) and the
style (s). So T(f) has the mean and covariance of the style. Roots are symmetric, as in the paper. T
is affine, and so is a blend of several. So only sums over the content's positions are needed, and a
picture can go through the network in tiles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import torch
from torch import Tensor

SMALLEST = 1e-8
"""Smallest variance of a whitened direction, as a share of the largest; less is rounding error. The
paper's limit is 1e-5 for maps whose largest variance is about 1e3."""

ROUNDING = 1e-12
"""Smallest variance of a whitened direction, as a share of the largest mean square. The difference
of two sums is less exact: float64's 2e-16, times what adding up many positions costs."""


@dataclass(frozen=True)
class Moments:
    """Sums over the positions of feature maps, in float64; those of tiles add up."""

    mass: Tensor
    """Sum of the positions' weights, a scalar."""
    total: Tensor
    """Weighted sum of the features, (C,)."""
    products: Tensor
    """Weighted sum of their outer products, (C, C)."""

    def __add__(self, other: Self) -> "Moments":
        """Return the sums over the positions of both."""
        return Moments(
            self.mass + other.mass, self.total + other.total, self.products + other.products
        )

    @property
    def mean(self) -> Tensor:
        """The mean of the features, (C,)."""
        return self.total / self.mass

    @property
    def covariance(self) -> Tensor:
        """The covariance of the features, (C, C)."""
        return self.products / self.mass - torch.outer(self.mean, self.mean)

    def power(self, exponent: float) -> Tensor:
        """Return a power of the covariance where the features vary, and 0 elsewhere, (C, C)."""
        covariance = self.covariance
        values, vectors = torch.linalg.eigh((covariance + covariance.T) / 2)
        largest_square = (self.products.diagonal() / self.mass).max()
        limit = max(SMALLEST * values[-1].item(), ROUNDING * largest_square.item(), 1e-20)
        scales = torch.where(values > limit, values.clamp_min(1e-20) ** exponent, 0)
        result: Tensor = (vectors * scales) @ vectors.T
        return result


def moments(maps: Tensor, guide: Tensor | None = None) -> Moments:
    """Return the sums of maps (1, C, h, w); `guide` (1, h, w) weights the positions, None by 1."""
    # Apple's GPUs have no float64.
    rows = maps[0].flatten(1).to("cpu" if maps.device.type == "mps" else maps.device).double()
    if guide is None:
        mass = rows.new_tensor(rows.shape[1])
        return Moments(mass, rows.sum(1), rows @ rows.T)
    weights = guide.flatten().to(rows)
    weighted = rows * weights
    return Moments(weights.sum(), weighted.sum(1), weighted @ rows.T)


class Style(NamedTuple):
    """The statistics of a painting that the transformation uses at one level."""

    mean: Tensor
    """m_s, (C,)."""
    root: Tensor
    """S_s^1/2, (C, C)."""

    @classmethod
    def of(cls, found: Moments) -> Self:
        """Return a style's statistics, given the moments of its feature maps."""
        return cls(found.mean, found.power(0.5))


class Affine(NamedTuple):
    """The map f -> matrix f + offset of features, in float64."""

    matrix: Tensor
    """(C, C)."""
    offset: Tensor
    """(C,)."""

    def __call__(self, maps: Tensor) -> Tensor:
        """Map feature maps (1, C, h, w) in their own precision."""
        rows = self.matrix.to(maps) @ maps[0].flatten(1) + self.offset.to(maps)[:, None]
        return rows.view_as(maps)


def transformation(content: Moments, style: Style) -> Affine:
    """Return T for the content's moments and a style.

    Directions in which the content has no variance, as in a gray or constant picture, have whitened
    features of 0. If the content has no positions, T is the identity.
    """
    if not content.mass > 0:
        channels = len(style.mean)
        return Affine(torch.eye(channels).to(style.root), torch.zeros_like(style.mean))
    matrix = style.root @ content.power(-0.5)
    return Affine(matrix, style.mean - matrix @ content.mean)


def blended(parts: Sequence[Affine], shares: Sequence[float], strength: float = 1) -> Affine:
    """Return the mean of affine maps by their shares, which sum to 1; `strength` blends it with f.

    This equals the blend of their results: strength T(f) + (1 - strength) f (Li et al., Eq. 3).
    """
    used = [(part, share) for part, share in zip(parts, shares, strict=True) if share]
    matrix = torch.stack([share * part.matrix for part, share in used]).sum(0)
    offset = torch.stack([share * part.offset for part, share in used]).sum(0)
    if strength == 1:
        return Affine(matrix, offset)
    identity = torch.eye(len(offset)).to(matrix)
    return Affine(strength * matrix + (1 - strength) * identity, strength * offset)
