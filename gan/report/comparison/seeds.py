"""Statistics over seeds: mean and deviation, and whether two groups differ."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev, variance

LEVEL = 0.95


@dataclass(frozen=True)
class Summary:
    """The mean over seeds and the standard deviation, which is None for a single seed."""

    mean: float
    deviation: float | None
    count: int


@dataclass(frozen=True)
class Difference:
    """The difference of two means, with its interval."""

    value: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low > 0 or self.high < 0


def summary(values: Sequence[float]) -> Summary:
    """Return the mean and the deviation (n - 1); the mean is NaN if a value is not finite."""
    if not all(map(math.isfinite, values)):
        return Summary(math.nan, None, len(values))
    return Summary(fmean(values), stdev(values) if len(values) > 1 else None, len(values))


def welch(first: Sequence[float], second: Sequence[float]) -> Difference | None:
    """Return mean(first) - mean(second) with the 95 % interval of Welch (1947).

    Variances may differ; the degrees of freedom are those of Satterthwaite (1946). None if either
    sequence has fewer than two values, or a value that is not finite.
    """
    if min(len(first), len(second)) < 2 or not all(map(math.isfinite, (*first, *second))):
        return None
    from scipy.special import stdtrit  # imported late: a single run's page does not use it

    value = fmean(first) - fmean(second)
    parts = [variance(values) / len(values) for values in (first, second)]
    total = math.fsum(parts)
    if not total:
        return Difference(value, value, value)
    weights = [part / total for part in parts]  # the squares of the parts could underflow
    freedom = 1 / math.fsum(
        weight**2 / (len(values) - 1)
        for weight, values in zip(weights, (first, second), strict=True)
    )
    half = float(stdtrit(freedom, (1 + LEVEL) / 2)) * math.sqrt(total)
    return Difference(value, value - half, value + half)
