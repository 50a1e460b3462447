"""Compute metrics with intervals from the scores and features of images."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from gan.config.choices import Change
from gan.config.table import load
from gan.config.tables.metrics import METRICS
from gan.evaluation.measure import Reference, Row
from gan.evaluation.records import Metric, Unchanged
from gan.metrics import (
    Distances,
    Sampling,
    draw,
    interval,
    interval_around,
    means,
    sampled,
    scarce,
)

SCORED_IMAGES = 10
"""With fewer images the interval of a mean is rough."""


def image_metrics(rows: Sequence[Row], sampling: Sampling) -> dict[str, Metric]:
    """Return the mean of each score over the images that have it, by metric."""
    names = dict.fromkeys(name for row in rows for name in row.scores)
    return {name: image_metric(name, rows, sampling) for name in names}


def image_metric(name: str, rows: Sequence[Row], sampling: Sampling) -> Metric:
    """Return one score's mean, compared with the source images' mean if they have the score."""
    scored = [row for row in rows if name in row.scores]
    count, better = len(scored), METRICS[name].better
    counts = draw(sampling, count) if sampled(sampling, count) else None
    values = torch.tensor([row.scores[name] for row in scored], dtype=torch.float64)
    old, change = None, None
    if all(name in row.unchanged for row in scored):
        before = torch.tensor([row.unchanged[name] for row in scored], dtype=torch.float64)
        old = Unchanged(*_averaged(before, counts))
        if counts is not None:
            change = verdict(interval(means(values - before, counts)), higher=better == "higher")
    errors = (values - values.mean()) / max(1, count * (count - 1)) ** 0.5
    return Metric(
        *_averaged(values, counts),
        count,
        better,
        old,
        change,
        scarce(count, SCORED_IMAGES),
        () if counts is None else tuple(errors.tolist()),
    )


def _averaged(values: Tensor, counts: Tensor | None) -> tuple[float, float | None, float | None]:
    """Return (mean, low, high) of scores; low and high are None without `counts`."""
    if counts is None:
        return float(values.mean()), None, None
    return float(values.mean()), *interval(means(values, counts))


def verdict(difference: tuple[float, float], *, higher: bool = False) -> Change:
    """Return the change from the sources, given the interval (low, high) of the difference.

    It is clear if the interval excludes 0. `higher` tells whether higher values are better.
    """
    low, high = difference
    if low <= 0 <= high:
        return "no clear difference"
    return "better" if (low > 0) == higher else "worse"


def collection_metrics(
    names: Iterable[str], rows: Sequence[Row], reference: Reference, sampling: Sampling
) -> dict[str, Metric]:
    """Return, for each collection metric, the distance of the translations from the reference.

    The translations are compared as a set.
    """
    fake = torch.stack([row.features for row in rows if row.features is not None])
    source = torch.stack([row.own for row in rows if row.own is not None])
    return {
        name: _collection_metric(
            name, load(METRICS[name].code)(fake, source, reference.features, sampling)
        )
        for name in names
        if METRICS[name].of == "collection"
    }


def _collection_metric(name: str, found: Distances) -> Metric:
    """Return a distance with its interval, compared with the distance of the source images."""
    better = METRICS[name].better
    if found.estimates is None:
        return Metric(
            found.value,
            count=found.count,
            better=better,
            unchanged=Unchanged(found.unchanged),
            warning=found.warning,
        )
    fake, source = found.estimates
    difference = interval_around(fake.value - source.value, fake.deviations - source.deviations)
    return Metric(
        found.value,
        *interval_around(*fake),
        found.count,
        better,
        Unchanged(source.value, *interval_around(*source)),
        verdict(difference, higher=better == "higher"),
        found.warning,
        tuple(fake.deviations.tolist()),
    )
