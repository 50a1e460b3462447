"""Mistakes of a comparison are errors before anything is trained."""

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.compare import command
from gan.evaluation.files import append_line
from tests.support import backbone
from tests.support.launching import write_images

RECORD = json.dumps(dict.fromkeys(sorted(command.RECORD), "x"))


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A comparison of which nothing may be trained; options that follow replace these."""

    def train(*_: Any) -> Any:
        pytest.fail("a training began")

    monkeypatch.setattr(command, "train_within", train)
    root = write_images(tmp_path / "noise", 4, 4)
    for domain in "AB":
        (root / f"train{domain}").rename(root / f"val{domain}")
    write_images(root, 4, 4)
    backbone.write_network(tmp_path / "weights.pth")
    return [
        "paper", "--data", str(root), "--split", "val", "--steps", "2",
        "--features", "mobilenet_v2", "--weights", str(tmp_path / "weights.pth"),
        "--runs", str(tmp_path / "runs"), "--output", str(tmp_path / "out.jsonl"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["smal"], "smal: no such file or recipe"),
        (["paper,loss.cycl=1"], "loss.cycl"),
        (["--features", "mobilenet_v3"], "mobilenet_v3"),
        (["--weights", "gone.pth"], "gone.pth"),
        (["--output", "/dev/null/out.jsonl"], r"--output /dev/null/out\.jsonl: File exists"),
        (["--output", "/"], "--output /: Is a directory"),
    ],
)
def test_a_wrong_recipe_network_or_file_is_an_error_before_training(
    words: list[str], given: list[str], expected: str
) -> None:
    if not given[0].startswith("--"):
        words.insert(1, given.pop())
    with pytest.raises((ValueError, OSError), match=expected):
        command.main([*words, *given])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("--seeds=0", "--seeds: must be an integer of at least 1, not 0"),
        ("--jobs=0", "--jobs: must be an integer of at least 1, not 0"),
        ("--steps=-3", "--steps: must be an integer of at least 1, not -3"),
        ("--steps=many", "--steps: must be an integer of at least 1, not many"),
        ("--threads=-1", "--threads: must be an integer of at least 0, not -1"),
        ("--direction=ac", "--direction: invalid choice: 'ac' (choose from"),
        ("--split=tset", "--split: invalid choice: 'tset' (choose from"),
        ("--best=kidd", "--best: invalid choice: 'kidd' (choose from"),
    ],
)
def test_an_option_out_of_range_is_named(
    words: list[str], given: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command.main([*words, given])
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("minutes", ["-1", "0", "nan", "inf", "long"])
def test_minutes_are_above_zero(
    words: list[str], minutes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at = words.index("--steps")
    with pytest.raises(SystemExit):
        command.main([*words[:at], *words[at + 2 :], f"--minutes={minutes}"])
    expected = f"--minutes: must be a number above 0, not {minutes}"
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("foreign", ['{"a": 1}', "[]", "3"])
def test_a_file_of_something_else_is_not_appended_to(
    words: list[str], tmp_path: Path, foreign: str
) -> None:
    (tmp_path / "out.jsonl").write_text(f"{RECORD}\n{foreign}\n")
    with pytest.raises(ValueError, match=r"out\.jsonl: line 2 is not the record of a training"):
        command.main(words)
    assert (tmp_path / "out.jsonl").read_text() == f"{RECORD}\n{foreign}\n"


def test_an_incomplete_record_is_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A call that is killed while it writes leaves one; the next record begins a new line."""
    path = tmp_path / "out.jsonl"
    path.write_text(f"{RECORD}\n{RECORD[:30]}")
    append_line(path, json.loads(RECORD))
    assert command._records(path) == [json.loads(RECORD)] * 2
    assert "line 2 is incomplete and is skipped" in capsys.readouterr().err
