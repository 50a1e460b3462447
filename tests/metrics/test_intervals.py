"""Resampling is reproducible, uses a separate generator, and is right about means.

Standard errors of distances are compared with omitting images one by one, and with new draws.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.metrics import Distances, Sampling, draw, interval, interval_around, means
from gan.metrics.frechet import fid, frechet_distance, frechet_estimate
from gan.metrics.intervals import Estimate, deviations_of, distances
from gan.metrics.kernel import kernel_estimate, kid

SAMPLING = Sampling(0, 100)


def features(count: int, width: int, seed: int, shift: float = 0.0) -> Tensor:
    """Return skewed and correlated features (count, width)."""
    mixing = (
        np.random.default_rng(width).normal(size=(width, width)) / np.arange(1, width + 1) ** 0.5
    )
    drawn = np.exp(np.random.default_rng(seed).normal(size=(count, width)) / 2)
    return torch.from_numpy(drawn @ mixing + shift)


def omitted(distance: Callable[[Tensor, Tensor], float], x: Tensor, y: Tensor) -> Tensor:
    """Return the deviations from n + m distances that omit one image each."""
    without_x = [distance(torch.cat([x[:i], x[i + 1 :]]), y) for i in range(len(x))]
    without_y = [distance(x, torch.cat([y[:i], y[i + 1 :]])) for i in range(len(y))]
    return torch.cat(
        [deviations_of(torch.tensor(w, dtype=torch.float64)) for w in (without_x, without_y)]
    )


def test_every_resample_has_as_many_images_and_equal_seeds_give_equal_ones() -> None:
    counts = draw(Sampling(3, 50), 17)
    assert counts.sum(1).tolist() == [17] * 50
    assert torch.equal(counts, draw(Sampling(3, 50), 17))
    assert not torch.equal(counts, draw(Sampling(4, 50), 17))


def test_the_global_random_state_is_not_changed() -> None:
    before = torch.get_rng_state()
    draw(Sampling(0, 10), 10)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_interval_of_a_mean_is_two_standard_errors_wide_to_either_side() -> None:
    """The normal limit, with 1.96; the percentiles' noise is 5 % of the width."""
    scores = torch.from_numpy(np.random.default_rng(0).normal(5, 2, size=400))
    low, high = interval(means(scores, draw(Sampling(0, 4000), 400)))
    error = 1.96 * float(scores.std(correction=0)) / 20
    assert abs(low - (float(scores.mean()) - error)) < 0.1 * error
    assert abs(high - (float(scores.mean()) + error)) < 0.1 * error


@pytest.mark.parametrize(("n", "m"), [(30, 30), (20, 45)])
def test_deviations_of_the_kernel_distance_are_those_of_omitted_images(n: int, m: int) -> None:
    x, y = features(n, 6, 1), features(m, 6, 2, shift=0.3)
    expected = omitted(lambda x, y: kernel_estimate(x, y).value, x, y)
    torch.testing.assert_close(kernel_estimate(x, y).deviations, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("n", "m", "width"), [(400, 300, 5), (300, 400, 5)])
def test_deviations_of_the_frechet_distance_tend_to_those_of_omitted_images(
    n: int, m: int, width: int
) -> None:
    """The infinitesimal jackknife is the limit: the difference has the order of 1 / n."""
    x, y = features(n, width, 3), features(m, width, 4, shift=0.5)
    expected = omitted(frechet_distance, x, y)
    found = frechet_estimate(x, y, null=0).deviations
    assert float((found - expected).square().sum() / expected.square().sum()) < 0.01


@pytest.mark.parametrize("width", [5, 60])
def test_a_frechet_estimate_has_the_distances_value(width: int) -> None:
    """Also with fewer images than features."""
    x, y = features(40, width, 5), features(30, width, 6)
    assert frechet_estimate(x, y, 0).value == pytest.approx(frechet_distance(x, y), rel=1e-9)


@pytest.mark.parametrize("metric", [fid, kid])
@pytest.mark.parametrize(("count", "width"), [(200, 24), (100, 150)])
@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_intervals_hold_the_mean_of_fresh_draws(
    metric: Callable[..., Distances], count: int, width: int, shift: float
) -> None:
    """In 95 % of 120 draws on average; less than 88 or more than 99.5 % has a chance of 1 in 1000.

    experiments/checks/intervals.py has many more.
    """
    found = [
        metric(features(count, width, 2 * s, shift), features(count, width, 2 * s, shift),
               features(count, width, 2 * s + 1), SAMPLING)
        for s in range(120)
    ]  # fmt: skip
    mean = np.mean([each.value for each in found])
    held = [
        low <= mean <= high
        for low, high in (interval_around(*e.estimates[0]) for e in found if e.estimates)
    ]
    assert 0.88 <= np.mean(held) <= 0.995


@pytest.mark.parametrize("estimate", [kernel_estimate, lambda x, y: frechet_estimate(x, y, 0)])
def test_a_difference_of_the_same_images_is_paired(
    estimate: Callable[[Tensor, Tensor], Estimate],
) -> None:
    """A small equal shift of all images is clear, although the intervals overlap."""
    y = features(80, 8, 9)
    far, near = (estimate(features(80, 8, 10, shift), y) for shift in (0.50, 0.48))
    assert interval_around(*near)[1] > far.value
    _, high = interval_around(near.value - far.value, near.deviations - far.deviations)
    assert high < 0


def test_few_images_have_no_estimates() -> None:
    some = Estimate(1.0, torch.zeros(4), 0.0)
    assert distances(some, some, (4, 80), SAMPLING, None).estimates is None
    assert distances(some, some, (5, 5), Sampling(0, 0), None).estimates is None
    assert distances(some, some, (5, 5), SAMPLING, None).estimates == (some, some)
