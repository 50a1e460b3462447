"""Compare scores, with intervals that cover both the choice of test images and of seeds.

A score is the mean over classes of hits / total: balanced accuracy for classes, mean intersection
over union for masks. Intervals are percentiles of resamples: test images and seeds are drawn with
replacement, the same for all conditions (Owen 2007, a bootstrap of two crossed factors). Crops or
pixels of one image are drawn together.

Drawing n seeds with replacement makes intervals too narrow if n is small: the variance is too small
by the factor (n - 1) / n, and it is only an estimate. So each seed's count minus 1 is multiplied by
sqrt(n / (n - 1)) and by Student's quantile over the normal's.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from gan.augment.ablation.trials import Tally
from gan.metrics.intervals import ERRORS, Sampling, draw, interval, sampled

Word = Literal["better", "worse", "no clear difference", "unknown"]

STUDENT = {
    3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262,
}  # fmt: skip
"""97.5 % quantile of Student's t by the number of seeds, which is the degrees of freedom + 1."""
FEWEST_SEEDS, MOST_SEEDS = min(STUDENT), max(STUDENT)


class Number(NamedTuple):
    """A score, or a difference of two; its 95 % interval is None if test images are too few."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def word(self) -> Word:
        """The conclusion that follows from a difference of two scores and its interval."""
        if self.low is None or self.high is None:
            return "unknown"
        return "better" if self.low > 0 else "worse" if self.high < 0 else "no clear difference"


class Scores:
    """The scores of each condition in every resample, to be compared in pairs."""

    def __init__(self, tallies: Mapping[str, Sequence[Tally]], sampling: Sampling) -> None:
        """Compute the scores; `tallies` has, by condition, a tally per seed, in equal order."""
        images, seeds = len(next(iter(tallies.values()))[0].hits), len(next(iter(tallies.values())))
        self.sampled = sampled(sampling, images)
        whole = torch.ones(1, images, dtype=torch.float64)
        self.by_seed = {
            name: torch.cat([scores(each, whole) for each in own]) for name, own in tallies.items()
        }
        """Scores (seeds,) by condition."""
        self._resampled = dict[str, Tensor]()
        if self.sampled:
            counts = draw(sampling, images)
            weights = seed_weights(sampling, seeds)
            self._resampled = {
                name: (torch.stack([scores(each, counts) for each in own], 1) * weights).sum(1)
                for name, own in tallies.items()
            }

    def score(self, name: str) -> Number:
        """Return a condition's mean score over all seeds, 0 to 1."""
        value = float(self.by_seed[name].mean())
        if not self.sampled:
            return Number(value)
        low, high = interval(self._resampled[name])
        return Number(value, max(0.0, low), min(1.0, high))

    def difference(self, name: str, other: str) -> Number:
        """Return a condition's score minus another's, -1 to 1."""
        value = float((self.by_seed[name] - self.by_seed[other]).mean())
        if not self.sampled:
            return Number(value)
        low, high = interval(self._resampled[name] - self._resampled[other])
        return Number(value, max(-1.0, low), min(1.0, high))


def scores(tally: Tally, counts: Tensor) -> Tensor:
    """Return a network's scores on R resamples, (R,).

    `counts`, (R, images), states how often each test image is in each resample. A score is the mean
    of hits / total over the classes in the resample, or 0 if no class is in it.
    """
    there = counts @ tally.truth > 0
    shares = counts @ tally.hits / (counts @ tally.total).clamp(min=1)
    found: Tensor = (shares * there).sum(1) / there.sum(1).clamp(min=1)
    return found


def seed_weights(sampling: Sampling, seeds: int) -> Tensor:
    """Return the weights of the seeds in each resample, (R, seeds); rows sum to 1."""
    drawn = draw(Sampling(sampling.seed ^ 1, sampling.resamples), seeds)
    stretch: float = (seeds / (seeds - 1)) ** 0.5 * STUDENT[seeds] / ERRORS
    return (1 + stretch * (drawn - 1)) / seeds
