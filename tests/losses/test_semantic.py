"""The semantic loss against closed forms, NumPy in float64, and gradcheck."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.losses import semantic_loss


def logits(seed: int, count: int = 4, classes: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, classes, generator=generator, dtype=torch.float64)


def test_an_uncertain_classifier_costs_the_logarithm_of_the_classes() -> None:
    assert semantic_loss(torch.zeros(4, 3), logits(0)).item() == pytest.approx(math.log(3))


def test_a_certain_classifier_costs_zero_or_its_margin() -> None:
    sure = 50 * torch.eye(3, dtype=torch.float64)
    assert semantic_loss(sure, sure).item() == pytest.approx(0, abs=1e-12)
    assert semantic_loss(sure.roll(1, dims=0), sure).item() == pytest.approx(50)


def test_it_is_the_mean_over_pictures_of_numpys_surprise() -> None:
    ours, original = logits(1), logits(2)
    rows = zip(ours.numpy(), original.numpy(), strict=True)
    expected = [np.log(np.exp(row).sum()) - row[np.argmax(goal)] for row, goal in rows]
    assert semantic_loss(ours, original).item() == pytest.approx(np.mean(expected), rel=1e-12)


def test_only_the_originals_likeliest_class_counts_without_gradient() -> None:
    ours, original = logits(1).requires_grad_(), logits(2).requires_grad_()
    loss = semantic_loss(ours, original)
    assert loss == semantic_loss(ours, 100 * original)
    loss.backward()
    assert ours.grad is not None
    assert original.grad is None
    assert torch.autograd.gradcheck(lambda x: semantic_loss(x, original), (ours,))


def test_logits_of_other_shapes_are_rejected() -> None:
    with pytest.raises(AssertionError):
        semantic_loss(logits(0), logits(0, classes=4))
