"""Which numbers share a column, and which group is marked as best."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from gan.report.comparison.groups import grouped
from gan.report.comparison.measures import Table, different_settings, notes, tables
from gan.report.comparison.runs import read_runs
from tests.support.reports import append, evaluate, write_run

FEATURES = {"extractor": {"name": "vgg19"}, "lpips": "unit feature vectors"}


def recipes(
    folder: Path,
    *groups: Sequence[float | None],
    name: str = "l1_ab",
    protocol: Any = None,
    better: str = "lower",
    **sections: Any,
) -> list[Table]:
    """Write a run for each value, a recipe for each group; return its tables."""
    runs = []
    for number, values in enumerate(groups):
        for seed, value in enumerate(values):
            sections["optim"] = {"lr": 0.1 + number}
            runs.append(write_run(folder / f"{number}-{seed}", seed, **sections))
            if value is not None:
                metric = {"value": value, "better": better}
                evaluate(runs[-1], protocol=protocol, **{name: metric})
    return tables(grouped(read_runs(runs)).groups)


values = st.lists(st.floats(0, 10).map(lambda x: round(x, 2)), min_size=2, max_size=3, unique=True)


@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")
@given(st.lists(values, min_size=2, max_size=3), st.sampled_from(["lower", "higher"]))
@settings(max_examples=20, deadline=None)
def test_the_best_group_is_marked_if_scipy_finds_it_different(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[list[float]], better: str
) -> None:
    (table,) = recipes(tmp_path_factory.mktemp("runs"), *drawn, better=better)
    (row,) = table.rows
    sign = 1 if better == "lower" else -1
    means = [sign * np.mean(seeds) for seeds in drawn]
    leader = means.index(min(means))
    others = [seeds for index, seeds in enumerate(drawn) if index != leader]
    clear = all(ttest_ind(drawn[leader], seeds, equal_var=False).pvalue < 0.05 for seeds in others)
    assert (row.best is not None) == clear
    if row.best is not None:
        assert (row.best.number, row.verdict) == (leader + 1, f"{leader + 1} is best")
        assert len(row.gaps) == len(others)
        assert all(sign * gap.value > 0 and gap.clear for gap in row.gaps.values())


@pytest.mark.parametrize(("groups", "verdict"), [
    (([1.0, 1.1, 0.9], [5.0]), "one seed: no claim"),
    (([1.0], [5.0]), "one seed: no claim"),
    (([1.0, 1.1], [1.0, 1.2]), "1 is not clearly better than 2"),
    (([1.0, 1.1], [float("nan"), 1.2]), "a value is not finite: no claim"),
    (([1.0, 1.1], [None, None]), "nothing to compare"),
    (([9.0, 9.1], [1.0, 1.1]), "2 is best"),
])  # fmt: skip
def test_claims_are_sentences(
    groups: tuple[list[float | None], ...], verdict: str, tmp_path: Path
) -> None:
    (table,) = recipes(tmp_path, *groups)
    (row,) = table.rows
    assert row.verdict == verdict
    assert (row.best is not None) == verdict.endswith("is best")
    assert bool(row.gaps) == (row.best is not None)


def test_numbers_without_a_protocol_are_compared_without_a_claim(tmp_path: Path) -> None:
    (table,) = recipes(tmp_path, [1.0, 1.1], [5.0, 5.1], protocol={})
    assert table.rows[0].verdict == "no protocol: no claim"


@pytest.mark.parametrize(("name", "claimed"), [
    ("kid_ab", False), ("gram_ba", False), ("lpips_ab", False), ("l1_ab", True), ("cycle_a", True),
])  # fmt: skip
def test_nothing_is_claimed_for_a_group_trained_with_the_extractor(
    name: str, claimed: bool, tmp_path: Path
) -> None:
    (table,) = recipes(tmp_path, [1.0, 1.1], [5.0, 5.1], name=name, protocol=FEATURES,
                       loss={"perceptual": 1.0})  # fmt: skip
    assert (table.rows[0].best is not None) == claimed
    assert ("no claim" in table.rows[0].verdict) != claimed
    runs = read_runs(sorted(tmp_path.iterdir()))
    found = notes(table, grouped(runs).groups)
    assert [note[:32] for note in found] == [f"Group {n}: vgg19 was used to train" for n in (1, 2)]


def test_other_protocols_give_other_tables_with_their_differences(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), seed) for seed in range(4)]
    common = {"resize": {"size": 64}, "batch_size": 8}
    for run in runs[:2]:
        evaluate(run, protocol=common, l1_ab=1.0)
    evaluate(runs[2], protocol=common | {"batch_size": 2}, l1_ab=2.0)  # only rounding
    evaluate(runs[3], protocol={"resize": {"size": 128}}, l1_ab=3.0)
    first, second = tables(grouped(read_runs(runs)).groups)
    assert [value.metric.value for value in first.rows[0].cells[0].newest] == [1, 1, 2]
    assert [value.metric.value for value in second.rows[0].cells[0].newest] == [3]
    assert different_settings([first, second]) == {"resize.size": ["64", "128"]}


def test_the_protocol_that_most_runs_share_comes_first_and_every_run_has_a_table(
    tmp_path: Path,
) -> None:
    runs = [write_run(tmp_path / str(seed), seed) for seed in range(3)]
    for run in runs:
        evaluate(run, 8, protocol={"seed": 1}, l1_ab=1.0)
    for run in runs[:2]:
        evaluate(run, 12, protocol={"seed": 2}, l1_ab=2.0)
    (table,) = tables(grouped(read_runs(runs)).groups)
    assert table.steps == {"0": 8, "1": 8, "2": 8}
    assert tables(grouped(read_runs([write_run(tmp_path / "new")])).groups) == []


def test_the_newest_evaluation_counts_and_the_best_is_shown_with_it(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    for step, value in ((4, 0.4), (8, 0.2), (12, 0.3)):
        evaluate(run, step, l1_ab=value)
    kept = {"models": {"ab": {"file": "gen_ab-best.safetensors"}}, "seed": 0}
    evaluate(run, 16, protocol=kept, l1_ab=9.0)  # not with the run's own generators
    append(run / "best.json", {"step": 8})
    (table,) = tables(grouped(read_runs([run])).groups)
    (cell,) = table.rows[0].cells
    assert [value.metric.value for value in (*cell.newest, *cell.best)] == [0.3, 0.2]
    assert (table.steps, table.best_steps) == ({"run": 12}, {"run": 8})


def test_a_copy_is_shown_and_not_counted(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(number), 0) for number in range(2)]
    for run, value in zip(runs, (1.0, 3.0), strict=True):
        evaluate(run, l1_ab=value)
    (table,) = tables(grouped(read_runs(runs)).groups)
    (cell,) = table.rows[0].cells
    found = cell.summary
    assert [value.metric.value for value in cell.copies] == [3.0]
    assert (found.mean, found.deviation, found.count) == (1.0, None, 1)


def test_a_copy_alone_gives_no_table(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(number), 0) for number in range(2)]
    evaluate(runs[1], l1_ab=3.0)
    assert tables(grouped(read_runs(runs)).groups) == []
