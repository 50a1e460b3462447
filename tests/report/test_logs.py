"""Logs are read as TensorBoard reads them, without steps that a run went back on."""

from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.summary.writer import event_file_writer
from torch.utils.tensorboard import SummaryWriter

from gan.config.tables.tags import LOSSES
from gan.report.logs import read_log
from gan.training.trackers import Tracker


@pytest.fixture(autouse=True)
def files_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make names of files that are written in one second sort in order, past the tenth too."""
    numbers = (f"{number:06d}" for number in count())
    uid = SimpleNamespace(get=lambda: next(numbers))
    monkeypatch.setattr(event_file_writer, "_global_uid", uid)


def write(folder: Path, steps: range, value: float, suffix: str) -> None:
    """The log of a run that starts with the first step."""
    with SummaryWriter(str(folder), purge_step=steps.start, filename_suffix=suffix) as writer:
        for step in steps:
            writer.add_scalar("loss", value + step, step)


def steps_of(folder: Path) -> list[int]:
    return [point.step for point in read_log(folder).scalars["loss"]]


def test_a_resumed_run_has_every_step_once_like_in_tensorboard(tmp_path: Path) -> None:
    write(tmp_path, range(1, 9), 0, ".0")
    write(tmp_path, range(5, 12), 100, ".1")
    log = read_log(tmp_path)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    expected = [(event.step, event.value) for event in events.Scalars("loss")]
    assert [(point.step, point.value) for point in log.scalars["loss"]] == expected
    assert [step for step, _ in expected] == list(range(1, 12))
    assert len(log.sessions) == 2
    assert log.step == 11


def test_later_steps_of_a_resumed_run_are_dropped(tmp_path: Path) -> None:
    """Logged at every step before, at every third afterwards."""
    write(tmp_path, range(1, 9), 0, ".0")
    with SummaryWriter(str(tmp_path), purge_step=5, filename_suffix=".1") as writer:
        writer.add_scalar("loss", 1, 9)
    assert steps_of(tmp_path) == [1, 2, 3, 4, 9]


def test_going_back_without_a_restart_keeps_the_last_values(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        for value, step in enumerate((1, 2, 3, 2, 3, 4)):
            writer.add_scalar("loss", value, step)
    points = read_log(tmp_path).scalars["loss"]
    assert [(point.step, point.value) for point in points] == [(1, 0), (2, 3), (3, 4), (4, 5)]


@pytest.mark.parametrize("lost", [1, 7, 30])
def test_a_torn_end_loses_only_the_last_entry(lost: int, tmp_path: Path) -> None:
    write(tmp_path, range(1, 6), 0, ".0")
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-lost])
    assert steps_of(tmp_path) == [1, 2, 3, 4]


def test_zeros_at_the_end_are_ignored(tmp_path: Path) -> None:
    """What a file system may leave after a power failure."""
    write(tmp_path, range(1, 6), 0, ".0")
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes() + bytes(100))
    assert steps_of(tmp_path) == [1, 2, 3, 4, 5]
    assert read_log(tmp_path).seconds >= 0


def test_noise_in_the_middle_ends_a_file(tmp_path: Path) -> None:
    write(tmp_path, range(1, 6), 0, ".0")
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[-100:] = b"\xff" * 100
    file.write_bytes(content)
    steps = steps_of(tmp_path)
    assert steps == list(range(1, len(steps) + 1))
    assert 2 <= len(steps) <= 4


def test_pictures_between_the_scalars_are_skipped(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(256, size=(3, 200, 200), dtype=np.uint8)
    with SummaryWriter(str(tmp_path)) as writer:
        for step in (1, 2):
            writer.add_scalar("loss", step, step)
            writer.add_image("samples/ab", noise, step)
    log = read_log(tmp_path)
    assert set(log.scalars) == {"loss"}
    assert [point.step for point in log.scalars["loss"]] == [1, 2]


def test_a_run_that_an_older_version_began_is_one_curve(tmp_path: Path) -> None:
    """Its tags are the names themselves before the step, grouped ones after it."""
    old = {
        "cycle_a": "loss/cycle_a", "mine_ab": "loss/mine_ab", "discriminator_b":
        "loss/discriminator_b", "score_real_a": "score/real_a", "score_fake_b": "score/fake_b",
        "evaluate/kid_ab": "score/kid_ab", "evaluate/realism_ab": "score/realism_ab",
        "gradient_norm_generators": "doctor/gradient_norm_generators",
        "skipped_steps": "doctor/skipped_steps", "learning_rate": "lr/generators",
        "images_per_second": "time/images_per_second", "loader_wait": "time/loader_wait",
        "epoch": "time/epoch", "memory_gb": "time/memory_gb", "doctor/copy_ab": "doctor/copy_ab",
        "lowest": "lowest",
    }  # fmt: skip
    with SummaryWriter(str(tmp_path), filename_suffix=".0") as writer:
        for name in old:
            for step in (1, 2, 3):
                writer.add_scalar(name, step, step)
    tracker = Tracker(tmp_path.parent / "none", 2)
    assert tracker.board is not None
    tracker.board.writer.close()
    tracker.board.writer = SummaryWriter(str(tmp_path), purge_step=3, filename_suffix=".1")
    for step in (3, 4):
        tracker.scalars(step, {name: 10 * step for name in old if name != "lowest"}, LOSSES)
        tracker.scalars(step, {"lowest": 10 * step})
    tracker.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert set(events.Tags()["scalars"]) == {*old, *old.values()}
    log = read_log(tmp_path)
    assert set(log.scalars) == set(old)
    for points in log.scalars.values():
        assert [(point.step, point.value) for point in points] == [(1, 1), (2, 2), (3, 30), (4, 40)]


def test_an_empty_or_missing_folder_is_an_empty_log(tmp_path: Path) -> None:
    (tmp_path / "events.out.tfevents.1.x").touch()
    for folder in (tmp_path, tmp_path / "nothing"):
        log = read_log(folder)
        assert (log.scalars, log.step, log.seconds_per_step()) == ({}, 0, None)


def test_the_pace_is_the_median_and_waits_between_two_starts_do_not_count(tmp_path: Path) -> None:
    for session, (begin, times) in enumerate(((0, (2, 4, 6, 20)), (1000, (1002, 1004)))):
        name = f".{session}"
        with SummaryWriter(str(tmp_path), filename_suffix=name) as writer:
            writer.add_scalar("other", 0, 10 * session, walltime=begin)
            for index, time in enumerate(times, start=10 * session + 1):
                writer.add_scalar("loss", 0, index, walltime=time)
    assert read_log(tmp_path).seconds_per_step() == 2
