"""Fréchet distance of two sets of feature vectors (FID with Inception's; Heusel et al. 2017)."""

import torch
from torch import Tensor

from gan.metrics.bootstrap import Distances, Sampling, distances

FID_RESAMPLES, FID_RESAMPLES_LARGE, LARGE = 200, 40, 512
"""At most, and for more than LARGE images and features: each needs that many singular values."""
FID_IMAGES = 2048
"""Below it the bias is a good part of the value; papers use thousands of images."""


def fid(fake: Tensor, source: Tensor, reference: Tensor, sampling: Sampling) -> Distances:
    """Return the distances; intervals are moved onto them, see `interval`."""
    smallest, width = min(len(fake), len(reference)), fake.shape[1]
    warning = None
    if smallest < width:
        warning = (
            f"{smallest} images for {width} features: biased upwards, comparable only with numbers "
            "from as many images; prefer kid"
        )
    elif smallest < FID_IMAGES:
        warning = f"{smallest} images: biased upwards; papers use {FID_IMAGES} or more"
    most = FID_RESAMPLES_LARGE if min(smallest, width) > LARGE else FID_RESAMPLES
    return distances(
        fake, source, reference, sampling, frechet_distance, frechet_samples,
        warning=warning, most=most, centered=True,
    )  # fmt: skip


def frechet_distance(x: Tensor, y: Tensor) -> float:
    """|m_x - m_y|^2 + Tr(S_x + S_y - 2 (S_x S_y)^(1/2)) of features (n, d) and (m, d), n, m >= 2.

    Heusel et al. 2017, Eq. 6, with covariances that divide by n - 1, in float64. No matrix root is
    needed: with S_x = X'X and S_y = Y'Y, S_x S_y has the eigenvalues of (X Y')(X Y')', so the trace
    of its root is the sum of the singular values of X Y'. It is exact for n < d too, where the
    covariances are singular and iterations for the root wander off.
    """
    (mean_x, root_x), (mean_y, root_y) = _mean_and_root(x), _mean_and_root(y)
    cross = torch.linalg.svdvals(root_x @ root_y.T).sum()
    spread = root_x.square().sum() + root_y.square().sum()
    return float((mean_x - mean_y).square().sum() + spread - 2 * cross)


def frechet_samples(x: Tensor, y: Tensor, counts_x: Tensor, counts_y: Tensor) -> Tensor:
    """(R,): the distance of R resamples, in which image i occurs counts[r, i] times."""
    distances = [
        frechet_distance(_repeated(x, of_x), _repeated(y, of_y))
        for of_x, of_y in zip(counts_x, counts_y, strict=True)
    ]
    return torch.tensor(distances, dtype=torch.float64)


def _mean_and_root(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (d) and X with X'X = covariance; X has at most d rows."""
    features = features.double()
    mean = features.mean(0)
    root = (features - mean) / (len(features) - 1) ** 0.5
    if root.shape[0] > root.shape[1]:
        root = torch.linalg.qr(root, mode="r").R
    return mean, root


def _repeated(features: Tensor, counts: Tensor) -> Tensor:
    """Every row as often as its count says."""
    return features.repeat_interleave(counts.long(), dim=0)
