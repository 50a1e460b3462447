"""Compute confidence intervals of metrics: how much a value depends on the choice of images.

Means of scores use the percentile bootstrap: each resample draws n of the n images with
replacement, with a separate random generator. Distances of two collections use the jackknife: each
image is omitted in turn. The squared changes of the distance add up to its variance. The difference
of two distances of the same images uses the differences of these changes.

Images are assumed to be independent: crops of one photograph are not.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

LEVEL = 0.95
LEAST_IMAGES = 5
"""Smallest number of images for an interval. 4 images have 35 different resamples, so that 2.5 % is
less than one."""
ROUGH = "{count} images: the interval is rough"
NONE = "{count} images: too few for an interval, which requires {least}"
ERRORS = 1.96
"""Standard errors between a value and each end of its 95 % interval."""


class Sampling(NamedTuple):
    """The seed and the number of bootstrap resamples."""

    seed: int = 0
    resamples: int = 1000


def sampled(sampling: Sampling, *collections: int) -> bool:
    """Return whether to compute intervals: if wanted, and if each collection has enough images."""
    return sampling.resamples > 0 and min(collections) >= LEAST_IMAGES


def draw(sampling: Sampling, images: int) -> Tensor:
    """Return the count of each image in each of R resamples, (R, images), float64.

    Equal arguments give equal draws, so that two values of the same images are compared in pairs.
    """
    generator = torch.Generator().manual_seed(2 * sampling.seed)
    chosen = torch.randint(images, (sampling.resamples, images), generator=generator)
    counts = torch.zeros(sampling.resamples, images, dtype=torch.float64)
    return counts.scatter_add_(1, chosen, torch.ones_like(counts))


def scarce(count: int, wanted: int) -> str | None:
    """Return a warning if `count` images are too few for a good interval, or for any; else None.

    A good interval requires `wanted` images.
    """
    if count >= wanted:
        return None
    return (ROUGH if count >= LEAST_IMAGES else NONE).format(count=count, least=LEAST_IMAGES)


def means(scores: Tensor, counts: Tensor) -> Tensor:
    """Return the mean of the scores (n,) in each resample, (R,), given the counts (R, n)."""
    return counts @ scores.double() / counts.sum(1)


def interval(samples: Tensor) -> tuple[float, float]:
    """Return the percentiles (low, high) that hold 95 % of the resamples' values (R,)."""
    tails = torch.tensor([(1 - LEVEL) / 2, (1 + LEVEL) / 2], dtype=torch.float64)
    low, high = samples.quantile(tails).tolist()
    return low, high


class Estimate(NamedTuple):
    """A distance of collections of n and m images, with the parts of its standard error."""

    value: float
    deviations: Tensor
    """The contribution of each image to the error, (n + m,); the sum of squares is the variance."""
    excess: float
    """The excess of the sum of squares, which counts the variance of pairs twice."""


@dataclass(frozen=True)
class Distances:
    """The distances of translations and of untranslated sources from the reference."""

    value: float
    unchanged: float
    count: int
    """Number of translations that were compared."""
    warning: str | None = None
    estimates: tuple[Estimate, Estimate] | None = None
    """The estimates of both distances, for intervals; None if these are not computed."""


def distances(
    fake: Estimate,
    source: Estimate,
    images: tuple[int, int],
    sampling: Sampling,
    warning: str | None,
) -> Distances:
    """Return both distances, with their estimates if intervals are to be computed.

    `images` are the numbers of translations and of references.
    """
    estimates = (fake, source) if sampled(sampling, *images) else None
    return Distances(fake.value, source.value, images[0], warning, estimates)


def interval_around(value: float, deviations: Tensor, excess: float = 0) -> tuple[float, float]:
    """Return the 95 % confidence interval (low, high) of a value, or of a difference of two values.

    `deviations` are the images' contributions to the standard error; for a difference, the two
    values' contributions, subtracted image by image. `excess` is subtracted from the sum of their
    squares.
    """
    half = ERRORS * max(0.0, float(deviations.square().sum()) - excess) ** 0.5
    return value - half, value + half


def deviations_of(leave_one_out: Tensor) -> Tensor:
    """Return each image's contribution to the standard error, (n,).

    `leave_one_out` (n,) holds the value without each image in turn.
    """
    n = len(leave_one_out)
    weight: float = ((n - 1) / n) ** 0.5
    return weight * (leave_one_out - leave_one_out.mean())
