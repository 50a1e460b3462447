"""metrics.jsonl: whole lines, whatever was there before."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gan.evaluation import ImageScores
from gan.evaluation.files import append_line, images_file, write_images


def test_lines_join_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "run" / "metrics.jsonl"
    for step in range(3):
        append_line(path, {"step": step})
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [0, 1, 2]


def test_a_torn_line_stays_alone(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 2, "met')
    append_line(path, {"step": 3})
    assert path.read_text() == '{"step": 1}\n{"step": 2, "met\n{"step": 3}\n'


def test_writers_at_the_same_time_tear_no_line(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: append_line(path, {"n": n, "text": "x" * 9999}), range(64)))
    assert sorted(json.loads(line)["n"] for line in path.read_text().splitlines()) == [*range(64)]


def test_what_is_no_number_is_not_written(tmp_path: Path) -> None:
    """JSON has no NaN: other readers would stumble."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        append_line(tmp_path / "metrics.jsonl", {"value": float("nan")})
    assert not (tmp_path / "metrics.jsonl").exists()


def test_the_scores_of_a_step_replace_earlier_ones(tmp_path: Path) -> None:
    path = images_file(tmp_path, 500)
    assert path == tmp_path / "evaluation" / "step-00000500.jsonl"
    for value in (0.5, 0.25):
        write_images(path, [ImageScores("ab", "sub/ä.png", {"l1": value})])
    (line,) = path.read_text().splitlines()
    expected = {"direction": "ab", "file": "sub/ä.png", "scores": {"l1": 0.25}}
    assert json.loads(line) == expected
