"""Kernel distance of two sets of feature vectors (KID with Inception's; Bińkowski et al. 2018)."""

import torch
from torch import Tensor

from gan.config.tables.metrics import KID_MOST
from gan.metrics.bootstrap import Distances, Sampling, distances, scarce

KID_IMAGES = 50
"""Fewer make the interval rough."""


def kid(fake: Tensor, source: Tensor, reference: Tensor, sampling: Sampling) -> Distances:
    """Return the distances of all pairs of images, of at most KID_MOST of either collection."""
    own, others = _part(len(fake), sampling), _part(len(reference), sampling)
    warning = scarce(min(len(own), len(others)), KID_IMAGES)

    def resampled(x: Tensor, y: Tensor, *counts: Tensor) -> Tensor:
        return kernel_samples(kernel_matrices(x, y), *counts)

    chosen = fake[own], source[own], reference[others]
    return distances(*chosen, sampling, kernel_distance, resampled, warning=warning)


def _part(images: int, sampling: Sampling) -> Tensor:
    """Return the places of at most KID_MOST images, in order, by a generator of their own."""
    generator = torch.Generator().manual_seed(sampling.seed)
    return torch.randperm(images, generator=generator)[:KID_MOST].sort().values


KernelMatrices = tuple[Tensor, Tensor, Tensor]
"""k(x, x'), k(y, y') and k(x, y) of two sets, in float64."""


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    """k(x, y) = (x.y / d + 1)^3 of features (n, d) and (m, d): (n, m). Bińkowski et al., Sec. 4."""
    return (x.double() @ y.double().T / x.shape[1] + 1) ** 3


def kernel_matrices(x: Tensor, y: Tensor) -> KernelMatrices:
    """What every estimate from these two sets needs: n^2 + m^2 + n m numbers."""
    return _kernel(x, x), _kernel(y, y), _kernel(x, y)


def kernel_distance(x: Tensor, y: Tensor) -> float:
    """The unbiased squared MMD of features (n, d) and (m, d), n, m >= 2; see kernel_samples.

    It can be negative: its mean is 0 where both sets are drawn from one distribution.
    """
    ones_x, ones_y = (torch.ones(1, len(of), dtype=torch.float64) for of in (x, y))
    return float(kernel_samples(kernel_matrices(x, y), ones_x, ones_y))


def kernel_samples(matrices: KernelMatrices, counts_x: Tensor, counts_y: Tensor) -> Tensor:
    """(R,): the distance of R resamples, in which image i occurs counts[r, i] times.

    mean k(x, x') + mean k(y, y') - 2 mean k(x, y) over pairs of different images, from all pairs
    (Gretton et al. 2012, Eq. 3, weighted by counts). An image and its own repetition are no pair:
    they would make every resample look further away than the images are. NaN where a resample is
    one image only.
    """
    xx, yy, xy = matrices
    cross = ((counts_x @ xy) * counts_y).sum(1) / (counts_x.sum(1) * counts_y.sum(1))
    return _within(xx, counts_x) + _within(yy, counts_y) - 2 * cross


def _within(matrix: Tensor, counts: Tensor) -> Tensor:
    """(R,): the mean of k over pairs of different images, weighted by their counts."""
    squares = counts.square()
    pairs = ((counts @ matrix) * counts).sum(1) - squares @ matrix.diagonal()
    number = counts.sum(1).square() - squares.sum(1)
    # Of one image only, what rounding leaves of its pairs would be divided by their number, 0.
    return torch.where(number > 0, pairs / number, torch.nan)
