"""Torn and unknown lines are skipped by number; the others count."""

import os
from pathlib import Path

import pytest

from gan.evaluation import ImageScores
from gan.evaluation.files import write_images
from gan.training.records import Evaluation, Finding, Score, best_step, read_lines

GOOD = '{"step": 4, "metrics": {"l1_ab": {"value": 0.5, "count": 3, "better": "lower"}}, "new": 1}'


def test_torn_lines_are_named_by_number(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(f"{GOOD}\nnoise\n\n[]\n{GOOD}\n{GOOD[:50]}", encoding="utf-8")
    lines = read_lines(path, Evaluation)
    assert [record.step for record in lines.records] == [4, 4]
    assert lines.records[0].metrics["l1_ab"].value == 0.5
    expected = "metrics.jsonl: 3 lines skipped as torn or of another kind (2, 4, 6)"
    assert lines.remark == expected


def test_bytes_that_are_not_text_affect_only_their_line(tmp_path: Path) -> None:
    path = tmp_path / "doctor.jsonl"
    path.write_bytes(b'{"step": 1, "finding": "nan"}\n\xff\xfe\x00\n{"step": 2, "gone": "nan"}\n')
    assert [record.step for record in read_lines(path, Finding).records] == [1, 2]


def test_a_missing_file_does_not_raise(tmp_path: Path) -> None:
    lines = read_lines(tmp_path / "scores.jsonl", Score)
    assert (lines.records, lines.remark, lines.present) == ([], None, False)


def test_names_of_any_bytes_are_read(tmp_path: Path) -> None:
    """As evaluation writes them: bytes that are not UTF-8 as a lone surrogate, escaped."""
    names = [os.fsdecode(b"\xff\xfe.png"), "two\nlines.png", "ä 🎨.png"]
    write_images(tmp_path, 3, [ImageScores("ab", name, {"l1": 0.5}) for name in names])
    lines = read_lines(tmp_path / "evaluation" / "step-00000003.jsonl", Score)
    assert ([score.file for score in lines.records], lines.remark) == (names, None)


@pytest.mark.parametrize(("text", "step"), [
    ('{"step": 7, "metric": "l1_ab"}', 7), ("{", None), ("[]", None), ('{"step": "x"}', None),
])  # fmt: skip
def test_the_best_step_is_that_of_the_file(text: str, step: int | None, tmp_path: Path) -> None:
    assert best_step(tmp_path) is None
    (tmp_path / "best.json").write_text(text)
    assert best_step(tmp_path) == step
