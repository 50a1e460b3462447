"""Intervals, and the conclusions from them."""

from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import pytest
import torch

from gan.evaluation.measure import Reference, Row
from gan.evaluation.summary import collection_metrics, image_metric, verdict
from gan.metrics import LEAST_IMAGES, Sampling

SAMPLING = Sampling(0, 400)
NAMES = ("fid", "kid")


def rows(scores: list[float], unchanged: list[float], name: str = "l1") -> list[Row]:
    pairs = enumerate(zip(scores, unchanged, strict=True))
    return [Row(i, Path(f"{i}.png"), {name: new}, {name: old}) for i, (new, old) in pairs]


@pytest.mark.parametrize(("interval", "higher", "expected"), [
    ((-2.0, -1.0), False, "better"), ((1.0, 2.0), False, "worse"),
    ((-2.0, -1.0), True, "worse"), ((1.0, 2.0), True, "better"),
    ((-1.0, 2.0), False, "no clear difference"), ((0.0, 0.0), True, "no clear difference"),
])  # fmt: skip
def test_a_change_is_clear_when_its_interval_excludes_zero(
    interval: tuple[float, float], higher: bool, expected: str
) -> None:
    assert verdict(interval, higher=higher) == expected


def test_a_small_gain_on_every_image_is_clear_although_intervals_overlap() -> None:
    """The purpose of pairing."""
    old = np.random.default_rng(0).normal(5, 2, 30)
    metric = image_metric("l1", rows([*(old - 0.1)], [*old]), SAMPLING)
    assert metric.unchanged is not None
    assert metric.high is not None
    assert metric.unchanged.low is not None
    assert metric.high > metric.unchanged.low
    assert metric.change == "better"
    assert image_metric("psnr", rows([*(old - 0.1)], [*old], "psnr"), SAMPLING).change == "worse"


def test_noise_makes_no_clear_difference() -> None:
    """A 95 % interval excludes zero once in twenty; at most 3 times of 20 has probability 98 %."""
    clear = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        one, other = rng.normal(5, 2, (2, 40))
        clear += (
            image_metric("l1", rows([*one], [*other]), SAMPLING).change != "no clear difference"
        )
    assert clear <= 3


@pytest.mark.parametrize(("count", "resamples"), [(1, 100), (4, 100), (20, 0)])
def test_few_images_or_no_resamples_give_no_interval(count: int, resamples: int) -> None:
    metric = image_metric("l1", rows([1.0] * count, [2.0] * count), Sampling(0, resamples))
    assert (metric.low, metric.high, metric.change) == (None, None, None)
    assert metric.unchanged is not None
    assert metric.unchanged.value == 2


def collection(count: int, shift: float, seed: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(count, 8)) + shift)


@pytest.mark.parametrize(("moved", "expected"), [(0.0, "better"), (2.0, "worse")])
def test_collections_are_compared_with_the_source_images(moved: float, expected: str) -> None:
    """Sources are at distance 1 from the reference in every feature."""
    fake, own = collection(60, moved, 1), collection(60, 1.0, 2)
    measured = [
        Row(i, Path(), features=f, own=o) for i, (f, o) in enumerate(zip(fake, own, strict=True))
    ]
    metrics = collection_metrics(NAMES, measured, Reference(collection(50, 0.0, 3), {}), SAMPLING)
    for metric in metrics.values():
        assert metric.change == expected
        assert metric.low is not None
        assert metric.high is not None
        assert metric.low < metric.value < metric.high


@pytest.mark.parametrize(("count", "fid", "kid"), [
    (4, "4 images for 8 features", "4 images: too few for an interval"),
    (5, "5 images for 8 features", "5 images: the interval is rough"),
    (60, "60 images: biased upwards", None),
])  # fmt: skip
def test_too_few_images_are_reported_with_the_reason(count: int, fid: str, kid: str | None) -> None:
    features = collection(count, 0.0, 1)
    measured = [Row(i, Path(), features=f, own=f) for i, f in enumerate(features)]
    found = collection_metrics(
        NAMES, measured, Reference(collection(60, 0.0, 2), {}), Sampling(0, 20)
    )
    assert (found["fid"].warning or "").startswith(fid)
    assert (found["kid"].warning or "").startswith(kid or "")
    assert (found["kid"].warning is None) == (kid is None)


@pytest.mark.parametrize(("fakes", "wanted"), [(2, 60), (60, 2), (2, 2), (4, 4)])
def test_a_few_images_have_neither_interval_nor_verdict(fakes: int, wanted: int) -> None:
    """All resamples of two images, except those with one image twice, have one kernel distance."""
    fake, own = collection(fakes, 0.0, 1), collection(fakes, 2.0, 2)
    measured = [
        Row(i, Path(), features=f, own=o) for i, (f, o) in enumerate(zip(fake, own, strict=True))
    ]
    metrics = collection_metrics(
        NAMES, measured, Reference(collection(wanted, 0.0, 3), {}), SAMPLING
    )
    for metric in metrics.values():
        assert (metric.low, metric.high, metric.change) == (None, None, None)
        assert metric.unchanged is not None
        assert (metric.unchanged.low, metric.unchanged.high) == (None, None)


def test_an_interval_requires_a_resample_in_each_tail() -> None:
    """Counted by enumeration: different resamples of n images, of which 2.5 % are at least one."""

    def different(images: int) -> int:
        return len({*combinations_with_replacement(range(images), images)})

    assert different(LEAST_IMAGES - 1) * 0.025 < 1 <= different(LEAST_IMAGES) * 0.025
