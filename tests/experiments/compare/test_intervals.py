"""Intervals of changes between recipes: closed forms, and coverage of simulated data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student

from experiments.compare.intervals import change
from experiments.compare.measuring import by_photograph

Entry = Mapping[str, Any]


def entry(values: Mapping[str, float]) -> Entry:
    """Return a metric that is a mean over images, by name: PHOTOGRAPH_CROP."""
    mean = sum(values.values()) / len(values)
    scale = (len(values) * (len(values) - 1)) ** 0.5
    deviations = [(value - mean) / scale for value in values.values()]
    files = [Path(f"{name}.jpg") for name in values]
    return {"value": mean, "photographs": by_photograph(deviations, files)}


def test_a_recipe_compared_with_itself_has_no_change() -> None:
    same = [entry({"a": 1.0, "b": 2.0, "c": 4.0})]
    found = change(same, same)
    assert found.value == found.low == found.high == 0


def test_an_equal_decrease_on_every_photograph_is_certain() -> None:
    """The photographs differ far more than the recipes: only pairing detects it."""
    old = {"a": 1.0, "b": 20.0, "c": 400.0}
    found = change([entry(old)], [entry({name: 0.9 * value for name, value in old.items()})])
    assert found.value == pytest.approx(-0.1)
    assert (found.low, found.high) == pytest.approx((-0.1, -0.1))


def test_one_seed_and_photographs_is_the_paired_t_interval() -> None:
    """If the old values are all 1, the change is a mean of differences."""
    new = {"a": 0.5, "b": 0.8, "c": 0.6, "d": 0.9}
    found = change([entry(dict.fromkeys(new, 1.0))], [entry(new)])
    values = np.array(list(new.values())) - 1
    half = student.ppf(0.975, 3) * values.std(ddof=1) / 2
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.value == pytest.approx(half)


def test_crops_of_one_photograph_count_as_one() -> None:
    """Each photograph cut into three equal crops: the same interval as with one crop each."""
    new = {"a": 0.5, "b": 0.8, "c": 0.6, "d": 0.9}
    crops = {f"{name}_{crop}": value for name, value in new.items() for crop in range(3)}
    found = [
        change([entry(dict.fromkeys(values, 1.0))], [entry(values)])
        for values in ({f"{name}_0": value for name, value in new.items()}, crops)
    ]
    assert found[0].high == pytest.approx(found[1].high)


def test_with_seeds_only_it_is_welchs_interval() -> None:
    """If all photographs have equal scores, only seeds remain."""
    old, new = (1.0, 1.2, 0.8), (0.5, 0.55, 0.45)
    same = {"a": 0.0, "b": 0.0}
    found = change(
        [{"value": value, "photographs": same} for value in old],
        [{"value": value, "photographs": same} for value in new],
    )
    parts = [np.var(new, ddof=1) / 3, 0.5**2 * np.var(old, ddof=1) / 3]
    freedom = sum(parts) ** 2 / sum(part**2 / 2 for part in parts)
    half = student.ppf(0.975, freedom) * sum(parts) ** 0.5
    assert found.value == pytest.approx(-0.5)
    assert found.high - found.value == pytest.approx(half)


def test_intervals_hold_the_true_change_at_least_as_often_as_they_say() -> None:
    """Eight photographs of five crops each, three seeds, effects of photographs and seeds."""
    rng = np.random.default_rng(0)
    names = [f"p{number}" for number in range(8)]
    inside = 0
    for _ in range(400):
        shared = rng.normal(0, 0.1, 8)
        seeds = []
        for true in (1.0, 0.7):
            own = rng.normal(0, 0.05, 8)
            runs = []
            for _ in range(3):
                values = true * (1 + shared + own + rng.normal(0, 0.03) + rng.normal(0, 0.02, 8))
                runs.append(entry(dict(zip(names, values, strict=True))))
            seeds.append(runs)
        found = change(*seeds)
        inside += found.low <= -0.3 <= found.high
    assert 0.93 <= inside / 400 <= 1
