"""Content loss and perceptual distance against closed forms, NumPy in float64, and gradcheck."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.losses import content_loss, perceptual_distance, weighted_sum

Loss = Callable[[Tensor, Tensor], Tensor]


def maps(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("loss", [content_loss, perceptual_distance])
def test_identical_maps_are_at_distance_zero(loss: Loss) -> None:
    features = maps(0, 2, 3, 4, 5)
    assert loss(features, features.clone()) == 0


def test_maps_that_differ_by_two_everywhere() -> None:
    features = maps(0, 2, 3, 4, 5)
    assert content_loss(features + 2, features).item() == pytest.approx(3 * 4 * 5 * 4 / 2)
    assert perceptual_distance(features + 2, features).item() == pytest.approx(4)


def test_losses_equal_numpys_and_each_other_up_to_the_size() -> None:
    one, two = maps(1, 2, 3, 4, 5), maps(2, 2, 3, 4, 5)
    sums = [np.sum((p - q) ** 2) for p, q in zip(one.numpy(), two.numpy(), strict=True)]
    assert content_loss(one, two).item() == pytest.approx(np.mean(sums) / 2, rel=1e-6)
    assert perceptual_distance(one, two).item() == pytest.approx(np.mean(sums) / 60, rel=1e-6)


@pytest.mark.parametrize("loss", [content_loss, perceptual_distance])
def test_gradients_are_correct(loss: Loss) -> None:
    one, two = maps(1, 2, 2, 3, 3).requires_grad_(), maps(2, 2, 2, 3, 3)
    assert torch.autograd.gradcheck(loss, (one, two))


@pytest.mark.parametrize("loss", [content_loss, perceptual_distance])
def test_maps_of_different_shapes_are_rejected(loss: Loss) -> None:
    with pytest.raises(AssertionError):
        loss(maps(0, 2, 3, 4, 4), maps(0, 1, 3, 4, 4))


def test_weighted_sum_uses_the_given_weights_or_the_mean() -> None:
    terms = {"low": torch.tensor(2.0), "high": torch.tensor(5.0)}
    assert weighted_sum(terms, {"high": 3, "low": 0.5}) == 16
    assert weighted_sum(terms) == 3.5
    with pytest.raises(AssertionError):
        weighted_sum(terms, {"low": 1})


def test_weighted_sum_has_the_weights_as_gradients() -> None:
    term = torch.tensor(2.0, requires_grad=True)
    weighted_sum({"low": term, "high": term * 2}, {"low": 1, "high": 3}).backward()
    assert term.grad == 7
