"""Scores and their intervals compared with other implementations, and their coverage."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.augment.ablation.comparison import STUDENT, Number, Scores, scores, seed_weights
from gan.augment.ablation.trials import Tally
from gan.metrics.intervals import Sampling


def tallied(right: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], kinds: Tensor) -> Tally:
    """Return the tally of images with one sample each, which are right or not."""
    truth = torch.nn.functional.one_hot(kinds).double()
    return Tally(truth * torch.from_numpy(right)[:, None], truth, truth)


def random_tallies(rng: np.random.Generator, kinds: Tensor, rate: float) -> Iterator[Tally]:
    for _ in range(3):
        yield tallied(rng.random(len(kinds)) < rate, kinds)


def test_a_score_is_the_mean_of_the_classes_shares() -> None:
    kinds = torch.tensor([0] * 8 + [1] * 2)
    right = np.array([True] * 6 + [False] * 2 + [True, False])
    assert float(scores(tallied(right, kinds), torch.ones(1, 10).double())) == (6 / 8 + 1 / 2) / 2
    tally = Tally(
        torch.tensor([[3.0, 0, 2]]).double(),
        torch.tensor([[4.0, 5, 4]]).double(),
        torch.tensor([[4.0, 0, 3]]).double(),
    )
    # There are no pixels of the second class: predictions of it count in the others' unions.
    assert float(scores(tally, torch.ones(1, 1).double())) == (3 / 4 + 2 / 4) / 2


def test_intervals_are_those_of_an_independent_bootstrap() -> None:
    rng = np.random.default_rng(0)
    kinds = torch.arange(60) % 3
    tallies = {"none": [*random_tallies(rng, kinds, 0.5)], "x": [*random_tallies(rng, kinds, 0.7)]}
    found = Scores(tallies, Sampling(0, 4000)).difference("x", "none")
    hits = {name: np.stack([t.hits.numpy() for t in own]) for name, own in tallies.items()}
    truth = tallies["x"][0].truth.numpy()
    stretch = (3 / 2) ** 0.5 * 4.303 / 1.96
    samples = []
    for _ in range(4000):
        rows = rng.integers(60, size=60)
        total = truth[rows].sum(0)
        drawn = np.bincount(rng.integers(3, size=3), minlength=3)
        weights = (1 + stretch * (drawn - 1)) / 3
        by_seed = [(hits[name][:, rows].sum(1) / total).mean(1) for name in ("x", "none")]
        samples.append((weights * (by_seed[0] - by_seed[1])).sum())
    low, high = np.quantile(samples, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.02)
    assert found.high == pytest.approx(high, abs=0.02)


@pytest.mark.parametrize(("between_seeds", "seeds"), [(0, 3), (0.1, 3), (0.1, 5)])
def test_intervals_cover_the_true_difference_as_often_as_they_should(
    between_seeds: float, seeds: int
) -> None:
    """For seeds that differ and seeds that do not; 95 % is the goal, more is allowed."""
    rng, covered, kinds = np.random.default_rng(1), 0, torch.arange(80) % 2
    for number in range(200):
        rates = {"none": 0.6, "x": 0.7}
        tallies = {
            name: [
                tallied(rng.random(80) < rate + between_seeds * rng.normal(), kinds)
                for _ in range(seeds)
            ]
            for name, rate in rates.items()
        }
        found = Scores(tallies, Sampling(number, 300)).difference("x", "none")
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.1 <= found.high
    assert covered / 200 > 0.91


def test_the_weights_of_seeds_sum_to_one_and_vary_as_students_t_says() -> None:
    weights = seed_weights(Sampling(0, 100_000), 5)
    assert weights.sum(1).allclose(torch.ones(100_000).double())
    values = torch.tensor([0.1, -0.4, 0.3, 0.9, 0.2]).double()
    standard_error = float(values.std()) / 5**0.5
    assert float((weights @ values).std()) == pytest.approx(
        standard_error * STUDENT[5] / 1.96, rel=0.02
    )


def test_too_few_images_have_no_interval() -> None:
    rng = np.random.default_rng(0)
    kinds = torch.tensor([0, 1, 0, 1])
    tallies = {name: [*random_tallies(rng, kinds, 0.5)] for name in ("none", "x")}
    found = Scores(tallies, Sampling(0, 100)).difference("x", "none")
    assert (found.low, found.high, found.word) == (None, None, "unknown")


def test_the_word_for_a_difference_follows_from_its_interval() -> None:
    assert Number(0.1, 0.01, 0.2).word == "better"
    assert Number(-0.1, -0.2, -0.01).word == "worse"
    assert Number(0.1, -0.01, 0.2).word == "no clear difference"
