"""Kernel distance of two sets of feature vectors (KID with Inception's; Bińkowski et al. 2018)."""

import torch
from torch import Tensor

from gan.config.tables.metrics import KID_MOST
from gan.metrics.intervals import Distances, Estimate, Sampling, deviations_of, distances, scarce

KID_IMAGES = 50
"""With fewer images the interval is rough."""


PAIRS_OFF, PAIRS_LEAST = 0.1, 0.3
"""Shares of the variance due to pairs of images. The jackknife counts this variance twice, so the
first share of it is subtracted from the jackknife's variance, which stays at least the second
share. If more were subtracted, or without the lower bound, intervals of nearly equal collections
would contain the true value in less than 95 % of cases (experiments/checks/intervals.py)."""


def kid(fake: Tensor, source: Tensor, reference: Tensor, sampling: Sampling) -> Distances:
    """Return the distances of translations and of sources from the reference.

    All arguments are features (n, d). All pairs of at most KID_MOST images of each collection are
    compared.
    """
    own, others = _part(len(fake), sampling), _part(len(reference), sampling)
    counts = len(own), len(others)
    one, other = (kernel_estimate(x[own], reference[others]) for x in (fake, source))
    return distances(one, other, counts, sampling, scarce(min(counts), KID_IMAGES))


def _part(images: int, sampling: Sampling) -> Tensor:
    """Return the sorted indices of at most KID_MOST images, drawn by a separate generator."""
    order = torch.randperm(images, generator=torch.Generator().manual_seed(sampling.seed))
    return order[:KID_MOST].sort().values


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    """Return the kernel matrix (n, m) of features (n, d) and (m, d).

    k(x, y) = (x.y / d + 1)^3 (Bińkowski et al. 2018, Sec. 4).
    """
    return (x.double() @ y.double().T / x.shape[1] + 1) ** 3


def kernel_estimate(x: Tensor, y: Tensor) -> Estimate:
    """Return the unbiased squared MMD of features (n, d) and (m, d), n, m >= 2, with its jackknife.

    It is mean k(x, x') + mean k(y, y') - 2 mean k(x, y) over pairs of different images (Gretton et
    al. 2012, Eq. 3), and can be negative: its expectation is 0 if both sets are drawn from one
    distribution. The jackknife needs only sums over the rows and columns of the kernel matrices,
    which have n^2 + m^2 + n m entries. For n or m below 4 the deviations are 0.
    """
    xx, yy, xy = _kernel(x, x), _kernel(y, y), _kernel(x, y)
    within = [matrix.sum(1) - matrix.diagonal() for matrix in (xx, yy)]
    across, (n, m) = xy.sum(), xy.shape
    means = [sums.sum() / (len(sums) * (len(sums) - 1)) for sums in within]
    value = means[0] + means[1] - 2 * across / (n * m)
    if min(n, m) < 4:
        return Estimate(float(value), torch.zeros(n + m), 0)
    deviations = [
        deviations_of(
            (sums.sum() - 2 * sums) / ((own - 1) * (own - 2))
            - 2 * (across - crossed) / ((own - 1) * other)
        )
        for sums, crossed, own, other in zip(
            within, (xy.sum(1), xy.sum(0)), (n, m), (m, n), strict=True
        )
    ]
    pairs = 2 * (_spread(xx) / (n * (n - 1)) + _spread(yy) / (m * (m - 1)))
    pairs += (
        4
        * float((xy - xy.mean(0) - xy.mean(1, True) + across / (n * m)).square().mean())
        / ((n - 1) * (m - 1))
    )
    both = torch.cat(deviations)
    excess = min(PAIRS_OFF * pairs, float(both.square().sum()) - PAIRS_LEAST * pairs)
    return Estimate(float(value), both, excess)


def _spread(matrix: Tensor) -> float:
    """Return the variance of k over pairs that is not due to either image alone.

    matrix is (n, n), n >= 4; its diagonal is ignored (Szekely and Rizzo 2014, Prop. 1).
    """
    n = len(matrix)
    off = matrix - matrix.diagonal().diag()
    rows = off.sum(1, True) / (n - 2)
    centred = off - rows - rows.T + off.sum() / ((n - 1) * (n - 2))
    centred.fill_diagonal_(0)
    return float(centred.square().sum()) / (n * (n - 3))
