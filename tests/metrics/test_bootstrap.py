"""Resampling: reproducible, its own, and right about means."""

import numpy as np
import torch

from gan.metrics import draw, interval, means
from gan.metrics.bootstrap import Sampling


def test_every_resample_has_as_many_images_and_equal_seeds_give_equal_ones() -> None:
    counts = draw(Sampling(3, 50), 17)
    assert counts.sum(1).tolist() == [17] * 50
    assert torch.equal(counts, draw(Sampling(3, 50), 17))
    assert not torch.equal(counts, draw(Sampling(4, 50), 17))


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
