"""The kernel distance compared with loops over pairs, its closed form, and its statistics."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from gan.metrics import interval_around
from gan.metrics.kernel import kernel_estimate


def features(count: int, width: int, seed: int, shift: float = 0.0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(count, width)) + shift)


def cubic(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float((a @ b / len(a) + 1) ** 3)


def by_loops(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Bińkowski et al. 2018, pair by pair."""
    of_x = [cubic(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j]
    of_y = [cubic(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j]
    across = [cubic(a, b) for a in x for b in y]
    return float(np.mean(of_x) + np.mean(of_y) - 2 * np.mean(across))


@pytest.mark.parametrize(("n", "m", "width"), [(2, 2, 3), (15, 9, 5), (10, 20, 64)])
def test_it_is_the_sum_over_pairs(n: int, m: int, width: int) -> None:
    x, y = features(n, width, 1), features(m, width, 2, shift=0.7)
    assert kernel_estimate(x, y).value == pytest.approx(by_loops(x.numpy(), y.numpy()), rel=1e-9)


def test_identical_collections_are_negative_by_their_closed_form() -> None:
    """2 (mean over pairs - mean over all) = 2 (mean over pairs - mean of the diagonal) / n."""
    x = features(30, 8, 3).numpy()
    matrix = (x @ x.T / 8 + 1) ** 3
    pairs = (matrix.sum() - np.trace(matrix)) / (30 * 29)
    expected = 2 * (pairs - np.trace(matrix) / 30) / 30
    assert expected < 0
    tensor = torch.from_numpy(x)
    assert kernel_estimate(tensor, tensor).value == pytest.approx(expected, rel=1e-9)


def test_random_halves_of_one_collection_average_zero() -> None:
    """Within three standard errors of the mean over 400 nearly independent halvings."""
    rng = np.random.default_rng(4)
    values = []
    for _ in range(400):
        x = torch.from_numpy(rng.normal(size=(40, 6)) * [1, 1, 2, 1, 1, 3])
        values.append(kernel_estimate(x[:20], x[20:]).value)
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(400)
    assert np.std(values) > 0


def test_intervals_of_two_halves_of_a_collection_contain_0() -> None:
    """95 % intervals of 200 halvings of one collection contain 0 about as often; at least 85 %."""
    x, rng, held = features(60, 6, 5), np.random.default_rng(6), 0
    for _ in range(200):
        order = torch.from_numpy(rng.permutation(60))
        low, high = interval_around(*kernel_estimate(x[order[:30]], x[order[30:]]))
        held += low <= 0 <= high
    assert held >= 170
