"""Signals of logged values against closed forms, for every adversarial form."""

import math

import pytest
import torch
from torch import Tensor

from gan.config import LossConfig
from gan.config.tables.adversarial import ADVERSARIAL
from gan.training.doctor import scores
from gan.training.objective import discriminator_loss

CHANCE = {name: row.chance for name, row in ADVERSARIAL.items() if row.chance is not None}


def loss_of(adversarial: str, real: float, fake: float) -> float:
    """The loss of a discriminator with constant scores, by the objective itself."""

    def disc(images: Tensor) -> Tensor:
        return torch.where(images.mean() > 0, real, fake) + 0 * images

    ones = torch.ones(2, 1, 4, 4)
    return float(discriminator_loss(disc, ones, -ones, LossConfig(adversarial=adversarial)).loss)


def test_every_form_except_wgan_has_a_loss_at_chance() -> None:
    assert ADVERSARIAL.keys() - CHANCE.keys() == {"wgan_gp"}


@pytest.mark.parametrize(("adversarial", "undecided", "sure"), [
    ("lsgan", (0.5, 0.5), (1, 0)),
    ("vanilla", (0, 0), (30, -30)),
    ("hinge", (0, 0), (1, -1)),
    ("hinge", (0.9, 0.9), (40, -7)),
])  # fmt: skip
def test_the_edge_is_0_at_chance_and_1_when_sure(
    adversarial: str, undecided: tuple[float, float], sure: tuple[float, float]
) -> None:
    chance = CHANCE[adversarial]
    assert scores.edge([loss_of(adversarial, *undecided)] * 3, chance) == pytest.approx(0, abs=1e-6)
    assert scores.edge([loss_of(adversarial, *sure)] * 3, chance) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("adversarial", list(CHANCE))
def test_constant_scores_are_never_better_than_chance(adversarial: str) -> None:
    """So 0 is the best edge of discriminators that ignore their input."""
    for score in (-2.0, -0.3, 0.0, 0.2, 0.5, 1.0, 3.0):
        assert scores.edge([loss_of(adversarial, score, score)], CHANCE[adversarial]) < 1e-6


def test_a_critic_of_slope_1_stays_within_1_and_a_steeper_one_does_not() -> None:
    """Two clouds, 5 apart on one axis, and the critic that is k times this axis."""
    rng = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(500, 8, generator=rng) * 0.1 for _ in range(2))
    real[:, 0] += 5
    distance = float(torch.cdist(real, fake).mean())
    for slope in (0.5, 1.0, 3.0):
        gap = [slope * float(cloud[:, 0].mean()) for cloud in (real, fake)]
        assert scores.stretch(gap[:1], gap[1:], distance) == pytest.approx(slope, rel=0.02)
        if slope <= 1:
            assert scores.stretch(gap[:1], gap[1:], distance) <= 1


def test_lead_and_spread_of_known_scores() -> None:
    assert scores.lead([0.9, 0.7], [0.1, 0.3]) == pytest.approx(0.6)
    assert scores.lead([0.0], [0.5]) == pytest.approx(-0.5)
    assert scores.spread([0.5, 0.5], [0.5, 0.5]) == 0
    assert scores.spread([0.5, 0.6], [0.2, 0.5]) == pytest.approx(0.4)


def test_a_range_of_scores_counts_by_the_rate_of_learning_below_a_quarter() -> None:
    assert scores.teaching(0.2, 1e3) == scores.teaching(0.2, 0.25) == 0.2
    assert scores.teaching(0.2, 1 / 400) == pytest.approx(0.002)


def test_growth_is_relative_to_the_median_and_ignores_a_single_step() -> None:
    assert scores.growth([10, 30, 20], [1, 200, 2]) == 10
    assert scores.growth([1, 1e9, 1, 1], [1, 1, 1]) == 1
    assert math.isfinite(scores.growth([1.0, 1.0], [0.0]))
