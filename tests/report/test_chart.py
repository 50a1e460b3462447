"""Axes have round marks around all values; thinning and smoothing are exact."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.report.chart import MAX_POINTS, Curve, axes, chart, reach, smoothing, thin
from gan.report.html import number

values = st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 6)), min_size=1, max_size=50)


@given(values)
def test_axes_hold_all_values_between_few_round_marks(drawn: list[float]) -> None:
    x, y = axes([Curve("loss", range(len(drawn)), drawn)])
    assert all(-1e-9 <= y.place(value) <= 1 + 1e-9 for value in drawn)
    assert all(0 <= x.place(step) <= 1 for step in range(len(drawn)))
    for axis in (x, y):
        assert 2 <= len(axis.marks) <= 8
        step = axis.marks[1] - axis.marks[0]
        leading = step / 10 ** math.floor(math.log10(step) + 1e-9)
        assert min(abs(leading - nice) for nice in (1, 2, 5)) < 1e-3  # the difference rounds


@pytest.mark.parametrize("count", [1, MAX_POINTS, MAX_POINTS + 1, 10 * MAX_POINTS + 3])
def test_a_thinned_curve_has_few_points_and_the_same_mean(count: int) -> None:
    drawn = np.random.default_rng(count).normal(size=count)
    thinned = thin(Curve("loss", range(count), list(drawn)))
    every = math.ceil(count / MAX_POINTS)
    assert len(thinned.values) == math.ceil(count / every) <= MAX_POINTS
    sizes = [min(every, count - start) for start in range(0, count, every)]
    assert np.average(thinned.values, weights=sizes) == pytest.approx(drawn.mean())


def test_smoothing_is_the_weighted_mean_of_all_earlier_values() -> None:
    """The definition: weights decay^k, normalized."""
    drawn = np.random.default_rng(0).normal(size=60)
    decay = 1 - 1 / reach(60)
    for end, soft in enumerate(smoothing(list(drawn)), start=1):
        weights = decay ** np.arange(end)[::-1]
        assert soft == pytest.approx((weights * drawn[:end]).sum() / weights.sum())


def test_values_that_are_not_finite_stay_gaps() -> None:
    soft = smoothing([1.0, math.nan, 1.0, math.inf, 1.0])
    assert [math.isfinite(value) for value in soft] == [True, False, True, False, True]
    x, y = axes([Curve("loss", range(3), [math.nan, math.inf, math.nan])])
    assert math.isfinite(y.first + y.last + x.first + x.last)


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (12345, "12,345"), (0.123456, "0.1235"), (-2.5, "-2.5"), (1e-7, "1e-07"),
    (123456.7, "123,457"), (math.nan, "not finite"),
])  # fmt: skip
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


def test_curves_may_share_a_color_and_seventh_colors_are_dashed() -> None:
    drawn = [Curve(str(n), range(3), [1.0, 2.0, n], color=n // 2) for n in range(14)]
    kinds = re.findall(r'class="line (.*?)"', chart("loss", "", drawn))
    assert kinds == [f"s{n // 2}" for n in range(12)] + ["s0 d1"] * 2
    kinds = re.findall(r'class="line (.*?)"', chart("loss", "", [Curve("x", [1], [1.0])] * 13))
    assert kinds == [*(f"s{n}" for n in range(6)), *(f"s{n} d1" for n in range(6)), "s0 d2"]


def test_without_raw_values_the_smoothed_ones_are_drawn_alone() -> None:
    values = [float(n % 2) for n in range(60)]
    with_raw, without = (
        str(chart("loss", "", [Curve("x", range(60), values)], raw=raw)) for raw in (True, False)
    )
    assert ('class="raw' in with_raw, 'class="raw' in without) == (True, False)
    assert with_raw.count("<path") == without.count("<path") + 1


def test_thinning_and_smoothing_of_all_curves_are_reported() -> None:
    curves = [Curve("x", range(count), [1.0] * count) for count in (60, 900)]
    text = chart("loss", "", curves)
    assert "exponential mean of about 5 to 25 values" in text
    assert "Every point is the mean of 1 to 3 logged values" in text
    assert "last of each" in text
