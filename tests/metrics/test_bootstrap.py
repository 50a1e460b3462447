"""Resampling: reproducible, its own, and right about means."""

import numpy as np
import torch

from gan.metrics import draw, interval, means
from gan.metrics.bootstrap import Sampling


def test_every_resample_has_as_many_images_and_equal_seeds_give_equal_ones() -> None:
    counts = draw(Sampling(3, 50), 17)
    assert counts.sum(1).tolist() == [17] * 50
    assert torch.equal(counts, draw(Sampling(3, 50), 17))
    for other in (draw(Sampling(4, 50), 17), draw(Sampling(3, 50), 17, stream=1)):
        assert not torch.equal(counts, other)


def test_streams_of_neighbouring_seeds_differ() -> None:
    drawn = [draw(Sampling(seed, 20), 9, stream) for seed in range(3) for stream in range(2)]
    for i, one in enumerate(drawn):
        assert not any(torch.equal(one, other) for other in drawn[:i])


def test_the_global_random_state_is_left_alone() -> None:
    before = torch.get_rng_state()
    draw(Sampling(0, 10), 10)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_interval_of_a_mean_is_two_standard_errors_wide_to_either_side() -> None:
    """The normal limit, with 1.96; 5 % of the width is the percentile's own noise."""
    scores = torch.from_numpy(np.random.default_rng(0).normal(5, 2, size=400))
    low, high = interval(means(scores, draw(Sampling(0, 4000), 400)))
    error = 1.96 * float(scores.std(correction=0)) / 20
    assert abs(low - (float(scores.mean()) - error)) < 0.1 * error
    assert abs(high - (float(scores.mean()) + error)) < 0.1 * error


def test_a_centre_moves_the_interval_and_keeps_its_width() -> None:
    samples = torch.linspace(0, 1, 101, dtype=torch.float64)
    low, high = interval(samples)
    moved = interval(samples, centre=3.0)
    np.testing.assert_allclose(moved, (low + 2.5, high + 2.5), rtol=1e-12)
    assert interval(torch.cat([samples, torch.tensor([torch.nan])])) == (low, high)
