"""How much a distance of two collections owes to which images happened to be measured.

The jackknife: leave out each image in turn. What the distance moves by adds up to its variance;
differences of two distances of the same images are paired by differences of what they move by.
Images count as independent: crops of one photograph are not.
"""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from gan.metrics.bootstrap import Sampling, sampled

ERRORS = 1.96
"""Standard errors to either side of a value that hold 95 %."""


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
