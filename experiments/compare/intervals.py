"""Intervals of the change of a metric from one recipe to another, over photographs and seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student

LEVEL = 0.95


@dataclass(frozen=True)
class Change:
    """A metric divided by another recipe's, minus 1, with its interval: -0.35 is 35 % lower."""

    value: float
    low: float
    high: float


def change(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Change:
    """Return mean(new) / mean(old) - 1 over seeds, with its 95 % interval.

    Each entry is a metric of one seed: its value and, by photograph, the contribution to the
    standard error (deviations of the jackknife or the mean, summed over crops). The variance is the
    sum of two parts: of photographs, which are paired between recipes, and of seeds, which are not.
    Both use the first order of the quotient, and degrees of freedom by Satterthwaite (1946). With
    one seed, the interval does not cover the choice of seeds.
    """
    before, after = (np.array([entry["value"] for entry in seeds]) for seeds in (old, new))
    base, ratio = before.mean(), after.mean() / before.mean()
    names = sorted(set[str]().union(*(entry["photographs"] for entry in (*old, *new))))
    moved = _mean_deviations(new, names) - ratio * _mean_deviations(old, names)
    parts = [(len(names) / max(1, len(names) - 1) * np.square(moved).sum(), len(names) - 1)]
    for values, factor in ((after, 1.0), (before, ratio)):
        if len(values) > 1:
            parts.append((factor**2 * values.var(ddof=1) / len(values), len(values) - 1))
    variance = sum(part for part, _ in parts)
    if not variance or len(names) < 2:
        return Change(ratio - 1, ratio - 1, ratio - 1)
    freedom = variance**2 / sum(part**2 / degrees for part, degrees in parts)
    half = student.ppf((1 + LEVEL) / 2, freedom) * variance**0.5 / abs(base)
    return Change(ratio - 1, ratio - 1 - half, ratio - 1 + half)


def _mean_deviations(seeds: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Any:
    """Return the mean deviation of each photograph over the seeds."""
    table = [[entry["photographs"].get(name, 0.0) for name in names] for entry in seeds]
    return np.array(table).mean(0)
