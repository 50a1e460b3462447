"""The page that compares runs: one file, names escaped, differences and findings named."""

import re
from pathlib import Path

from gan.report.comparison.groups import grouped
from gan.report.comparison.measures import tables
from gan.report.comparison.page import page
from gan.report.comparison.runs import read_runs
from tests.support.reports import append, evaluate, write_grid, write_run, write_state

HOSTILE = '<img src=x onerror="alert(1)">'


def text_of(runs: list[Path]) -> str:
    read = read_runs(runs)
    groups = grouped(read)
    return str(page(read, groups, tables(groups.groups), 2))


def test_hostile_names_are_text(tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path / f"{HOSTILE}{seed}", seed, networks={"weights": f"{HOSTILE}{seed}"})
        for seed in range(2)
    ]
    for run in runs:
        evaluate(run, protocol={HOSTILE: HOSTILE}, **{f"{HOSTILE}_ab": 1.0})
        append(run / "doctor.jsonl", {"step": 4, "finding": HOSTILE, "advice": HOSTILE})
        write_grid(run, 12, "ab")
    text = text_of(runs)
    assert "<img src=x" not in text
    assert text.count("&lt;img src=x") > 10


def test_the_page_refers_to_nothing_outside(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), seed) for seed in range(2)]
    for run in runs:
        write_grid(run, 12, "ab")
    text = text_of(runs)
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    sources = re.findall(r"(?:src|href)=\"([^\"]*)\"", text)
    assert all(source.startswith(("data:", "#")) for source in sources)
    assert "url(" not in text


def test_groups_states_and_copies_are_named(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name, seed) for name, seed in (("a", 0), ("b", 1), ("c", 1))]
    for run in runs:
        write_state(run, 5)
    text = text_of([*runs, write_run(tmp_path / "d", optim={"lr": 0.5})])
    assert "4 runs in 2 groups" in text
    assert "c is a copy of b: the same recipe and seed" in text
    assert "2 crashed" in text
    assert "optim.lr" in text


def test_open_findings_are_shown_first(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name, seed) for seed, name in enumerate(("ill", "well"))]
    write_state(runs[0], 5)
    append(runs[0] / "doctor.jsonl", {"step": 4, "finding": "copy", "where": "ab", "advice": "X."})
    text = text_of(runs)
    assert text.index("Open findings of the doctor: ill") < text.index("<nav")
    assert (
        "It seems broken: the input comes back unchanged (copy, A to B, in the last check)." in text
    )
    assert "Too early to say: the training doctor has not checked this run." in text
    assert "Without a doctor&#39;s record: well." in text


def test_mean_and_deviation_are_shown_with_the_single_values(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name, seed) for seed, name in enumerate(("x", "y", "z"))]
    for run, value in zip(runs, (1.0, 2.0, 6.0), strict=True):
        evaluate(run, l1_ab={"value": value, "low": value - 0.5, "high": value + 0.5})
    text = text_of(runs)
    assert "3 ± 2.6" in text  # sqrt((4 + 1 + 9) / 2) = 2.6458
    for single in ("x: 1 <span>[0.5, 1.5]", "y: 2 <span>[1.5, 2.5]", "z: 6 <span>[5.5, 6.5]"):
        assert single in text


def test_different_protocols_are_reported_as_not_comparable(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), seed) for seed in range(2)]
    for run, size in zip(runs, (64, 128), strict=True):
        evaluate(run, protocol={"resize": {"size": size}}, l1_ab=1.0)
    text = text_of(runs)
    assert "Numbers of different tables are not comparable" in text
    assert "resize.size" in text
    assert "Table 2" in text
