"""What a run has sent to its trackers is kept by step, and read again by a run that resumes."""

import json
import math
from pathlib import Path

import pytest

from gan.training.trackers.history import Entry, History


def test_parts_of_a_step_are_one_entry_and_later_steps_are_removed(tmp_path: Path) -> None:
    history = History(tmp_path, 0)
    for part in (
        Entry(0, scalars={"score/l1_ab": 0.5}),
        Entry(2, scalars={"loss/cycle_a": math.inf}),
        Entry(2, texts={"doctor/findings": "copy"}),
        Entry(2, texts={"doctor/findings": "grain"}, images={"samples/ab": "samples/2.png"}),
        Entry(3, scalars={"loss/cycle_a": 3.0}),
    ):
        history.append(part)
    again = History(tmp_path, 2)
    assert again.entries == [
        Entry(0, scalars={"score/l1_ab": 0.5}),
        Entry(
            2, {"loss/cycle_a": math.inf}, {"doctor/findings": "copy\ngrain"},
            {"samples/ab": "samples/2.png"},
        ),
    ]  # fmt: skip
    steps = [json.loads(line)["step"] for line in again.path.read_text().splitlines()]
    assert steps == [0, 2, 2, 2]


@pytest.mark.parametrize("torn", ['{"step": 2, "scal', "[]", '{"step": "2"}', '{"other": 1}', "\0"])
def test_a_torn_line_is_removed(torn: str, tmp_path: Path) -> None:
    History(tmp_path, 0).append(Entry(1, scalars={"a": 1.0}))
    path = tmp_path / "trackers" / "history.jsonl"
    whole = path.read_text()
    path.write_text(whole + torn)
    assert History(tmp_path, 9).entries == [Entry(1, scalars={"a": 1.0})]
    assert path.read_text() == whole


def test_a_history_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    history = History(tmp_path, 0)
    history.path.unlink()
    history.path.mkdir()
    with pytest.raises(OSError, match=r"history\.jsonl: cannot be written: Is a directory"):
        history.append(Entry(1))
