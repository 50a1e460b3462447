"""metrics.jsonl has complete lines only, whatever was in it before."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gan.evaluation import ImageScores
from gan.evaluation.files import METRICS_FILE, append_line, forget, write_images


def test_lines_are_appended_to_existing_ones(tmp_path: Path) -> None:
    path = tmp_path / "run" / "metrics.jsonl"
    for step in range(3):
        append_line(path, {"step": step})
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [0, 1, 2]


def test_a_torn_line_is_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 2, "met')
    append_line(path, {"step": 3})
    assert path.read_text() == '{"step": 1}\n{"step": 2, "met\n{"step": 3}\n'


def test_simultaneous_writers_tear_no_line(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: append_line(path, {"n": n, "text": "x" * 9999}), range(64)))
    assert sorted(json.loads(line)["n"] for line in path.read_text().splitlines()) == [*range(64)]


def test_nan_is_not_written(tmp_path: Path) -> None:
    """JSON has no NaN: other readers would fail."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        append_line(tmp_path / "metrics.jsonl", {"value": float("nan")})
    assert not (tmp_path / "metrics.jsonl").exists()


def test_earlier_scores_of_a_step_are_never_replaced(tmp_path: Path) -> None:
    for number, value in enumerate((0.5, 0.25, 0.75), start=1):
        name = write_images(tmp_path, 500, [ImageScores("ab", "sub/ä.png", {"l1": value})])
        assert name == f"evaluation/step-00000500{'' if number == 1 else f'-{number}'}.jsonl"
        (line,) = (tmp_path / name).read_text().splitlines()
        expected = {"direction": "ab", "file": "sub/ä.png", "scores": {"l1": value}}
        assert json.loads(line) == expected
    assert len(list((tmp_path / "evaluation").iterdir())) == 3


def test_only_lines_of_training_about_later_steps_are_dropped(tmp_path: Path) -> None:
    """A line of gan evaluate, a torn one and one of another program stay, byte for byte."""
    path = tmp_path / METRICS_FILE
    for step in (0, 20, 40, 60):
        images = write_images(tmp_path, step, [])
        append_line(path, {"step": step, "protocol": {}, "images": images, "metrics": {}})
    by_hand = {"step": 60, "protocol": {"models": {}}, "images": write_images(tmp_path, 60, [])}
    append_line(path, by_hand)
    with path.open("a") as file:
        file.write('{"who": "knows"}\n{"step": 80, "prot')
    lines = path.read_bytes().splitlines(keepends=True)
    forget(tmp_path, 20)
    assert path.read_bytes() == b"".join([*lines[:2], *lines[4:]])
    left = sorted(file.name for file in (tmp_path / "evaluation").iterdir())
    assert left == ["step-00000000.jsonl", "step-00000020.jsonl", "step-00000060-2.jsonl"]
    before = path.stat().st_ino
    forget(tmp_path, 20)
    assert path.stat().st_ino == before  # untouched


def test_a_line_appended_while_others_are_dropped_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / METRICS_FILE
    for number in range(20):
        append_line(path, {"step": number, "protocol": {}})
    with ThreadPoolExecutor(8) as threads:
        jobs = [threads.submit(forget, tmp_path, 19 - n) for n in range(20)]
        hand = {"step": 99, "protocol": {"models": {}}}
        jobs += [threads.submit(append_line, path, hand | {"n": n}) for n in range(40)]
    for job in jobs:
        job.result()
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted(record["n"] for record in records if "n" in record) == [*range(40)]
    assert [record["step"] for record in records if "n" not in record] == [0]
