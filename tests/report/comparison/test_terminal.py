"""The comparison in the terminal, compared letter by letter."""

from pathlib import Path
from textwrap import dedent

from gan.report.comparison.groups import grouped
from gan.report.comparison.measures import tables
from gan.report.comparison.runs import read_runs
from gan.report.comparison.terminal import text
from tests.support.reports import evaluate, write_run, write_state


def test_the_table_for_two_recipes_of_two_seeds(tmp_path: Path) -> None:
    runs = []
    for name, seed, rate, value in (
        ("a0", 0, 0.1, 1.0), ("a1", 1, 0.1, 1.2), ("b0", 0, 0.2, 5.0), ("b1", 1, 0.2, 5.1),
    ):  # fmt: skip
        runs.append(write_run(tmp_path / name, seed, optim={"lr": rate}))
        write_state(runs[-1], 12)
        evaluate(runs[-1], l1_ab=value, cycle_a=0.5)
    read = read_runs(runs)
    groups = grouped(read)
    written = text(read, groups, tables(groups.groups))
    assert written == dedent("""\
        group  runs    state      steps        time at work  time per step  open findings  verdict
        1      a0, a1  2 crashed  12 +- 0 (2)  -             -              0              2 usable
        2      b0, b1  2 crashed  12 +- 0 (2)  -             -              0              2 usable

        what differs  value (groups)
        optim.lr      0.1 (1), 0.2 (2)

        metric   better  1                2                  claim
        l1_ab    lower   1.1 +- 0.14 (2)  5.05 +- 0.071 (2)  1 is best
        cycle_a  lower   0.5 +- 0 (2)     0.5 +- 0 (2)       1 is not clearly better than 2""")


def test_other_protocols_give_other_tables(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), seed) for seed in range(2)]
    for run, size in zip(runs, (64, 128), strict=True):
        evaluate(run, protocol={"size": size}, l1_ab=1.0)
    read = read_runs(runs)
    groups = grouped(read)
    written = text(read, groups, tables(groups.groups))
    assert "what differs" not in written
    assert "table 1  better" in written
    assert written.endswith("Their protocols differ in:\n  size: 64 | 128") or (
        written.endswith("Their protocols differ in:\n  size: 128 | 64")
    )


def test_names_cannot_move_the_cursor(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / f"\x1b[2J\n{seed}", seed) for seed in range(2)]
    read = read_runs(runs)
    written = text(read, grouped(read), [])
    assert "\x1b" not in written
    assert "\\x1b[2J\\n0, \\x1b[2J\\n1" in written


def test_ignored_keys_and_missing_evaluations_are_printed(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(n), n, train={"epochs": 3 + n}) for n in range(2)]
    evaluate(runs[0], l1_ab=1.0)
    read = read_runs(runs)
    groups = grouped(read, ["train.epochs"])
    lines = text(read, groups, tables(groups.groups)).splitlines()
    assert "ignored: train.epochs 3, 4" in lines
    assert "not evaluated: 1" in lines
