"""The Fréchet distance compared with SciPy's matrix root, closed forms and its properties."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from torch import Tensor

from gan.metrics.frechet import frechet_distance


def features(count: int, width: int, seed: int, shift: float = 0.0) -> Tensor:
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(count, width)) @ rng.normal(size=(width, width))
    return torch.from_numpy(mixed + shift)


def by_scipy(x: Tensor, y: Tensor) -> float:
    """Heusel et al. 2017, Eq. 6, as written."""
    a, b = x.numpy(), y.numpy()
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    gap = a.mean(0) - b.mean(0)
    root = sqrtm(cov_a @ cov_b).real
    return float(gap @ gap + np.trace(cov_a) + np.trace(cov_b) - 2 * np.trace(root))


@pytest.mark.parametrize(("n", "m", "width"), [(60, 45, 12), (500, 300, 40), (41, 41, 40)])
def test_it_equals_scipy(n: int, m: int, width: int) -> None:
    x, y = features(n, width, 1), features(m, width, 2, shift=0.5)
    assert frechet_distance(x, y) == pytest.approx(by_scipy(x, y), rel=1e-6)


@pytest.mark.parametrize(("n", "m", "width"), [(20, 30, 64), (64, 20, 64), (30, 80, 64)])
def test_it_is_the_sum_over_eigenvalues_if_covariances_are_singular(
    n: int, m: int, width: int
) -> None:
    """sqrtm is inexact there; the symmetric form S_x^(1/2) S_y S_x^(1/2) is not."""
    x, y = features(n, width, 3), features(m, width, 4, shift=0.2)
    cov_x, cov_y = np.cov(x.numpy(), rowvar=False), np.cov(y.numpy(), rowvar=False)
    values, vectors = np.linalg.eigh(cov_x)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    inner = np.linalg.eigvalsh(root @ cov_y @ root).clip(0)
    gap = (x.mean(0) - y.mean(0)).numpy()
    expected = gap @ gap + np.trace(cov_x) + np.trace(cov_y) - 2 * np.sqrt(inner).sum()
    # eigh leaves 1e-16 of the largest value where there should be 0: its root is 1e-8.
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-6)


@settings(max_examples=30)
@given(st.integers(2, 30), st.integers(1, 20), st.integers(0, 99), st.floats(-3, 3))
def test_a_shift_has_the_distance_of_its_square_and_no_shift_has_none(
    count: int, width: int, seed: int, shift: float
) -> None:
    x = features(count, width, seed)
    scale = float(x.square().sum()) + 1
    assert abs(frechet_distance(x, x)) < 1e-12 * scale
    assert frechet_distance(x, x + shift) == pytest.approx(width * shift**2, abs=1e-12 * scale)


def test_scaling_a_collection_has_the_distance_of_the_deviations() -> None:
    """Commuting covariances: Tr (S_x^(1/2) - S_y^(1/2))^2."""
    x = features(50, 6, 5)
    x = x - x.mean(0)
    expected = (3 - 1) ** 2 * np.trace(np.cov(x.numpy(), rowvar=False))
    assert frechet_distance(x, 3 * x) == pytest.approx(expected, rel=1e-9)
