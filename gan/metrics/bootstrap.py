"""Percentile bootstrap: how much a number owes to which images happened to be measured.

Images are drawn with replacement, as often as there are. The generator is its own; the global
random state is not touched. Images count as independent: crops of one photograph are not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

LEVEL = 0.95
LEAST_IMAGES = 5
"""Fewer have less than 40 different resamples (4 images 35), of which 2.5 % is none to cut off;
those of 2 images that are not one of them twice even have one and the same kernel distance."""
ROUGH = "{count} images: the interval is rough"
NONE = "{count} images: too few for an interval, which takes {least}"


class Sampling(NamedTuple):
    """How resamples are drawn."""

    seed: int = 0
    resamples: int = 1000


def sampled(sampling: Sampling, *collections: int) -> bool:
    """Whether collections of so many images have resamples that an interval can be read off."""
    return sampling.resamples > 0 and min(collections) >= LEAST_IMAGES


def draw(sampling: Sampling, images: int, stream: int = 0) -> Tensor:
    """(R, images): how often each image occurs in each resample, float64.

    Equal arguments give equal draws, so that two numbers of the same images are compared in pairs;
    other streams are independent: of what the images are compared with, 1.
    """
    generator = torch.Generator().manual_seed(2 * sampling.seed + stream)
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


def interval(samples: Tensor, centre: float | None = None) -> tuple[float, float]:
    """The percentiles that hold 95 % of the resamples' numbers; NaNs are left out.

    With a centre, the samples are moved so that it is their mean. A Fréchet distance needs that:
    resamples hold fewer different images, which makes every one of them larger than the value.
    """
    if centre is not None:
        samples = samples + (centre - samples.nanmean())
    tails = torch.tensor([(1 - LEVEL) / 2, (1 + LEVEL) / 2], dtype=torch.float64)
    low, high = samples.nanquantile(tails).tolist()
    return low, high


@dataclass(frozen=True)
class Distances:
    """The distance of translations from the reference, and that of the sources: doing nothing."""

    value: float
    unchanged: float
    count: int
    """Translations that were compared."""
    warning: str | None = None
    samples: Tensor | None = None
    """(R,): of resamples, for the interval; `unchanged_samples` are of the same ones."""
    unchanged_samples: Tensor | None = None
    centered: bool = False
    """Whether intervals are moved onto the values, because all resamples lie above them."""


def distances(
    fake: Tensor,
    source: Tensor,
    reference: Tensor,
    sampling: Sampling,
    of: Callable[[Tensor, Tensor], float],
    of_resamples: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor],
    *,
    warning: str | None,
    most: int | None = None,
    centered: bool = False,
) -> Distances:
    """Return both distances, resampled (at most so often) where there are enough images."""
    value, unchanged, count = of(fake, reference), of(source, reference), len(fake)
    if not sampled(sampling, count, len(reference)):
        return Distances(value, unchanged, count, warning)
    counts = draw(sampling, count)[:most], draw(sampling, len(reference), stream=1)[:most]
    samples, others = (of_resamples(x, reference, *counts) for x in (fake, source))
    return Distances(value, unchanged, count, warning, samples, others, centered)
