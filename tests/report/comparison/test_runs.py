"""Runs are read under unique names; folders that are not runs, or given twice, are rejected."""

from pathlib import Path

import pytest

from gan.report.comparison.runs import read_runs, short_names
from tests.support.reports import append, write_run


def test_names_have_as_many_folders_as_make_them_unique() -> None:
    assert short_names([Path("/x/a"), Path("/x/b")]) == ["a", "b"]
    assert short_names([Path("/x/a/run"), Path("/x/b/run")]) == ["a/run", "b/run"]
    assert short_names([Path("/x/a/run"), Path("/y/a/run")]) == ["x/a/run", "y/a/run"]


def test_a_folder_that_is_not_a_run_is_named(tmp_path: Path) -> None:
    good = write_run(tmp_path / "good")
    with pytest.raises(ValueError, match="nowhere: not a run directory: no such folder"):
        read_runs([good, tmp_path / "nowhere"])


def test_the_same_run_twice_is_rejected_under_any_path(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    (tmp_path / "link").symlink_to(run)
    for again in (run, tmp_path / "link", tmp_path / "run" / ".." / "run"):
        with pytest.raises(ValueError, match="are the same run: name each run once"):
            read_runs([run, again])


def test_damaged_files_get_the_remarks_of_the_runs_own_page(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    (run / "metrics.jsonl").write_text("torn\n")
    (run / "config.yaml").write_text("loss: [")
    (read,) = read_runs([run])
    first, second = read.remarks()
    assert first.startswith("run: config.yaml is damaged: cannot be read")
    assert second == "run: metrics.jsonl: 1 line skipped as torn or of another kind (1)"


def test_only_findings_that_have_not_disappeared_are_open(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    append(run / "doctor.jsonl", {"step": 4, "finding": "copy", "where": "ab"})
    append(run / "doctor.jsonl", {"step": 5, "finding": "collapse", "where": "ba"})
    append(run / "doctor.jsonl", {"step": 8, "gone": "copy", "where": "ab"})
    (read,) = read_runs([run])
    assert [finding.finding for finding in read.open_findings] == ["collapse"]
