"""Means, deviations and intervals against NumPy, SciPy and closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from gan.report.comparison.seeds import summary, welch

values = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 3)), min_size=2, max_size=8)


@given(values)
def test_the_mean_and_the_deviation_are_those_of_numpy(drawn: list[float]) -> None:
    found = summary(drawn)
    assert found.count == len(drawn)
    assert found.mean == pytest.approx(np.mean(drawn), abs=1e-9)
    assert found.deviation == pytest.approx(np.std(drawn, ddof=1), abs=1e-9)


def test_one_seed_has_no_deviation() -> None:
    assert summary([3.0]).deviation is None


@pytest.mark.parametrize("spoiled", [math.nan, math.inf])
def test_a_value_that_is_not_finite_gives_no_mean_and_no_claim(spoiled: float) -> None:
    assert math.isnan(summary([1.0, spoiled]).mean)
    assert welch([1.0, 2.0], [1.0, spoiled]) is None


@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")
@given(values, values)
def test_the_interval_is_that_of_scipys_test_without_equal_variances(
    first: list[float], second: list[float]
) -> None:
    found = welch(first, second)
    assert found is not None
    if np.var(first) + np.var(second) > 0:  # SciPy gives no number for equal values
        expected = ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
        assert found.low == pytest.approx(expected.low, rel=1e-6, abs=1e-6)
        assert found.high == pytest.approx(expected.high, rel=1e-6, abs=1e-6)


def test_two_pairs_of_the_same_spread_have_the_interval_of_two_degrees() -> None:
    """The 97.5 % quantile of Student's t with 2 degrees is 0.95 * sqrt(2 / (1 - 0.95^2))."""
    found = welch([1.0, 3.0], [10.0, 12.0])
    assert found is not None
    quantile = 0.95 * math.sqrt(2 / (1 - 0.95**2))
    half = quantile * math.sqrt(2 / 2 + 2 / 2)
    assert (found.value, found.low, found.high) == pytest.approx((-9, -9 - half, -9 + half))


def test_equal_seeds_have_an_interval_of_width_zero() -> None:
    found = welch([1.0, 1.0], [2.0, 2.0])
    assert found is not None
    assert (found.low, found.high, found.clear) == (-1, -1, True)
    same = welch([1.0, 1.0], [1.0, 1.0])
    assert same is not None
    assert not same.clear


@pytest.mark.parametrize(("first", "second"), [([1.0], [1.0, 2.0]), ([1.0, 2.0], [])])
def test_fewer_than_two_seeds_have_no_interval(first: list[float], second: list[float]) -> None:
    assert welch(first, second) is None
