"""Distances of whole folders by their features (n, d), and of doing nothing beside them."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from gan.metrics.bootstrap import Sampling, draw, sampled


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
