"""The formulas of docs/scaling.md: against enumeration, simulation and closed forms."""

import itertools
import json
import random
import re
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from benchmarks.scaling.command import SOURCES, Plan, facts, gather, scaling
from benchmarks.scaling.formulas import (
    best_interval,
    lost_share,
    predicted_step,
    ring_seconds,
    slowest,
)
from benchmarks.scaling.rows import LIMITS, ROWS, fill, loads

ROOT = Path(__file__).parents[2]
MEASURED = ROOT / "benchmarks" / "scaling" / "measured"


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_the_slowest_of_several_is_the_mean_over_all_draws(processes: int) -> None:
    draws = [0.3, 1.0, 0.9, 2.5]
    every = [max(each) for each in itertools.product(draws, repeat=processes)]
    assert slowest(draws, processes) == pytest.approx(mean(every))


def test_many_processes_wait_for_the_slowest_that_was_measured() -> None:
    assert slowest([1.0, 2.0, 5.0], 10_000) == pytest.approx(5)


def test_a_ring_sends_what_a_simulation_of_it_sends() -> None:
    """Each process sends a P-th of the bytes in each of 2 (P - 1) rounds, all at the same time."""
    for processes in (1, 2, 5):
        rounds = 2 * (processes - 1)
        assert ring_seconds(60.0, processes, 10.0) == pytest.approx(rounds * 60 / processes / 10)


def test_a_step_of_two_equal_processes_is_one_step_and_the_exchange() -> None:
    assert predicted_step([[2.0, 2.0], [2.0]], 0.5) == pytest.approx(2.5)


def test_no_other_interval_loses_less() -> None:
    save, failures = 20.0, 36_000.0
    best = best_interval(save, failures)
    least = lost_share(save, best, 300.0, failures)
    for factor in (0.5, 0.9, 1.1, 2.0):
        assert lost_share(save, best * factor, 300.0, failures) > least


def test_the_lost_share_is_that_of_a_simulated_training() -> None:
    """Failures at random moments; each costs the work since the last state, and a start."""
    draws, save, interval, resume, failures = random.Random(0), 5.0, 100.0, 50.0, 20_000.0
    trained = wall = 0.0
    while trained < 3e7:
        until = draws.expovariate(1 / failures)
        states = int(until // (interval + save))
        trained += states * interval
        wall += until + resume
    assert lost_share(save, interval, resume, failures) == pytest.approx(
        1 - trained / wall, rel=0.05
    )


def example(**changes: Any) -> dict[str, Any]:
    measured = dict.fromkeys(SOURCES, 1.0) | {"step_seconds": [1.0, 1.0]}
    return measured | changes


def test_twice_the_machines_halve_the_epoch_where_nothing_is_exchanged() -> None:
    found = example(gradient_bytes=0)
    one, two = (fill(facts(Plan(nodes=nodes), found)) for nodes in (8, 16))
    assert one["epoch"] == pytest.approx(2 * two["epoch"])
    assert one["epoch"] == pytest.approx(1e8 / (8 * 8 * 20))
    assert two["failure"] == pytest.approx(6000 * 3600 / 16)


def test_every_limit_is_a_row_against_a_known_quantity() -> None:
    known = fill(facts(Plan(), example()))
    assert {row.name for row in ROWS} >= LIMITS.keys()
    shares = [share for _, share in loads(known)]
    assert shares == sorted(shares, reverse=True)
    assert len(shares) == len(LIMITS)


def test_what_is_missing_is_named_with_its_benchmark(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(json.dumps({"state_bytes": 1}))
    with pytest.raises(ValueError, match="copy_seconds is missing: run python -m benchmarks state"):
        gather([tmp_path], "cache")
    (tmp_path / "loader.json").write_text("not JSON")
    with pytest.raises(ValueError, match=r"loader\.json: not the output of a benchmark"):
        gather([tmp_path / "loader.json"], "cache")


def test_the_page_shows_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    scaling([MEASURED])
    page = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- scaling -->\n(.*)<!-- /scaling -->", page, re.DOTALL)
    assert shown
    assert shown[1] == capsys.readouterr().out


def test_the_prediction_for_two_processes_is_within_a_quarter_of_the_measurement() -> None:
    printed = json.loads((MEASURED / "ranks.json").read_text(encoding="utf-8"))
    assert printed["processes"] == 2
    assert len(printed["rounds"]["measured"]) == 5
    assert 0.75 <= printed["predicted_to_measured"] <= 1.25
