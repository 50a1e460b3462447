"""Percentile bootstrap: how much a number owes to which images happened to be measured.

Images are drawn with replacement, as often as there are. The generator is its own; the global
random state is not touched. Images count as independent: crops of one photograph are not.
"""

from typing import NamedTuple

import torch
from torch import Tensor

LEVEL = 0.95
LEAST_IMAGES = 5
"""Fewer have less than 40 different resamples (4 images 35), of which 2.5 % is none to cut off."""
ROUGH = "{count} images: the interval is rough"
NONE = "{count} images: too few for an interval, which takes {least}"


class Sampling(NamedTuple):
    """How resamples are drawn."""

    seed: int = 0
    resamples: int = 1000


def sampled(sampling: Sampling, *collections: int) -> bool:
    """Whether collections of so many images have resamples that an interval can be read off."""
    return sampling.resamples > 0 and min(collections) >= LEAST_IMAGES


def draw(sampling: Sampling, images: int) -> Tensor:
    """(R, images): how often each image occurs in each resample, float64.

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
    """(R,): the mean of the images' scores (n,) in each resample."""
    return counts @ scores.double() / counts.sum(1)


def interval(samples: Tensor) -> tuple[float, float]:
    """Return the percentiles that hold 95 % of the resamples' numbers."""
    tails = torch.tensor([(1 - LEVEL) / 2, (1 + LEVEL) / 2], dtype=torch.float64)
    low, high = samples.quantile(tails).tolist()
    return low, high
