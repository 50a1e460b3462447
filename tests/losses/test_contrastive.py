"""The contrastive loss of patches against closed forms and a second implementation."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from gan.losses import patch_nce


def vectors(seed: int, count: int = 2, positions: int = 5, size: int = 7) -> Tensor:
    """Return vectors of length 1, (count, positions, size)."""
    draws = torch.Generator().manual_seed(seed)
    return normalize(torch.randn(count, positions, size, generator=draws).double(), dim=2)


def by_loops(query: Tensor, key: Tensor, temperature: float) -> Tensor:
    """Return the loss with the positive first, followed by the negatives of the same image."""
    cross_entropy, losses = nn.CrossEntropyLoss(), []
    for queries, keys in zip(query, key, strict=True):
        for at, own in enumerate(queries):
            negatives = [own @ other for place, other in enumerate(keys) if place != at]
            logits = torch.stack([own @ keys[at], *negatives]) / temperature
            losses.append(cross_entropy(logits[None], torch.tensor([0])))
    return torch.stack(losses).mean()


@pytest.mark.parametrize("temperature", [0.07, 1.0])
@pytest.mark.parametrize("positions", [2, 5])
def test_the_loss_equals_one_written_with_loops(temperature: float, positions: int) -> None:
    query, key = vectors(1, 3, positions), vectors(2, 3, positions)
    expected = by_loops(query, key, temperature)
    torch.testing.assert_close(patch_nce(query, key, temperature), expected, rtol=1e-12, atol=0)


def test_equal_patches_cost_the_logarithm_of_their_number() -> None:
    same = torch.ones(2, 8, 1)
    assert patch_nce(same, same, 0.07).item() == pytest.approx(math.log(8))


def test_matching_orthogonal_patches_cost_the_softmax_of_the_others() -> None:
    own = torch.eye(4)[None]
    expected = math.log(1 + 3 * math.exp(-1 / 0.5))
    assert patch_nce(own, own, 0.5).item() == pytest.approx(expected)
    mistaken = math.log(math.exp(1 / 0.5) + 3)
    assert patch_nce(own, own.roll(1, 1), 0.5).item() == pytest.approx(mistaken)


def test_negatives_come_from_the_same_image() -> None:
    query, key = vectors(1), vectors(2)
    one_by_one = [patch_nce(query[at : at + 1], key[at : at + 1], 0.07) for at in range(2)]
    torch.testing.assert_close(patch_nce(query, key, 0.07), torch.stack(one_by_one).mean())


def test_no_gradient_flows_to_the_keys() -> None:
    query, key = vectors(1).requires_grad_(), vectors(2).requires_grad_()
    patch_nce(query, key, 0.07).backward()
    assert query.grad is not None
    assert query.grad.abs().sum() > 0
    assert key.grad is None
