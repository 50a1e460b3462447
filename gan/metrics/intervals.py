"""How much a number owes to which images happened to be measured.

Means of images' scores: the percentile bootstrap. Images are drawn with replacement, as often as
there are. The generator is its own; the global random state is not touched.

Distances of two collections: the jackknife. Omit each image in turn: what the distance moves
by adds up to its variance. Differences of two distances of the same images are paired by
differences of what they move by.

Images count as independent: crops of one photograph are not.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

LEVEL = 0.95
LEAST_IMAGES = 5
"""Fewer have less than 40 different resamples (4 images 35), of which 2.5 % is none to cut off."""
ROUGH = "{count} images: the interval is rough"
NONE = "{count} images: too few for an interval, which takes {least}"
ERRORS = 1.96
"""Standard errors to either side of a value that hold 95 %."""


class Sampling(NamedTuple):
    """How resamples are drawn."""

    seed: int = 0
    resamples: int = 1000


def sampled(sampling: Sampling, *collections: int) -> bool:
    """Return whether collections of so many images have enough resamples for an interval."""
    return sampling.resamples > 0 and min(collections) >= LEAST_IMAGES


def draw(sampling: Sampling, images: int) -> Tensor:
    """Return (R, images): how often each image occurs in each resample, float64.

    Equal arguments give equal draws, so that two numbers of the same images are compared in pairs.
    """
    generator = torch.Generator().manual_seed(2 * sampling.seed)
    chosen = torch.randint(images, (sampling.resamples, images), generator=generator)
    counts = torch.zeros(sampling.resamples, images, dtype=torch.float64)
    return counts.scatter_add_(1, chosen, torch.ones_like(counts))


def scarce(count: int, wanted: int) -> str | None:
    """Return a warning of so few images that the interval is rough, or that there is none."""
    if count >= wanted:
        return None
    return (ROUGH if count >= LEAST_IMAGES else NONE).format(count=count, least=LEAST_IMAGES)


def means(scores: Tensor, counts: Tensor) -> Tensor:
    """Return (R,): the mean of the images' scores (n,) in each resample."""
    return counts @ scores.double() / counts.sum(1)


def interval(samples: Tensor) -> tuple[float, float]:
    """Return the percentiles that hold 95 % of the resamples' numbers."""
    tails = torch.tensor([(1 - LEVEL) / 2, (1 + LEVEL) / 2], dtype=torch.float64)
    low, high = samples.quantile(tails).tolist()
    return low, high


class Estimate(NamedTuple):
    """A distance of collections of n and m images, with what its standard error is made of."""

    value: float
    deviations: Tensor
    """(n + m,): what each image adds to the error; the sum of squares is the variance."""
    excess: float
    """What that sum has too much: it counts twice what only pairs of images explain."""


@dataclass(frozen=True)
class Distances:
    """The distance of translations from the reference, and that of the sources: doing nothing."""

    value: float
    unchanged: float
    count: int
    """Translations that were compared."""
    warning: str | None = None
    estimates: tuple[Estimate, Estimate] | None = None
    """Of both, for intervals."""


def distances(
    fake: Estimate,
    source: Estimate,
    images: tuple[int, int],
    sampling: Sampling,
    warning: str | None,
) -> Distances:
    """Return both distances, with intervals where both collections have enough images."""
    estimates = (fake, source) if sampled(sampling, *images) else None
    return Distances(fake.value, source.value, images[0], warning, estimates)


def interval_around(value: float, deviations: Tensor, excess: float = 0) -> tuple[float, float]:
    """Return the 95 % interval of a value, or of a difference of values of the same images."""
    half = ERRORS * max(0.0, float(deviations.square().sum()) - excess) ** 0.5
    return value - half, value + half


def deviations_of(leave_one_out: Tensor) -> Tensor:
    """Return what each of n images adds to the error, by the n values without it."""
    n = len(leave_one_out)
    weight: float = ((n - 1) / n) ** 0.5
    return weight * (leave_one_out - leave_one_out.mean())
