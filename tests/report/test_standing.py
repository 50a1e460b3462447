"""The state of a run, from the files in its folder."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gan.report.logs import read_log
from gan.report.standing import Standing, last_step, open_configuration, standing
from gan.training import train
from gan.training.run_folder import mark_stopped
from gan.training.schedule import RunLength
from tests.support.reports import small_config
from tests.support.runs import HOLD


def stand(run: Path) -> Standing:
    return standing(run, open_configuration(run).config, read_log(run / "logs"))


def change(run: Path, section: str, **values: Any) -> None:
    path = run / "config.yaml"
    content = yaml.safe_load(path.read_text())
    content[section] |= values
    path.write_text(yaml.safe_dump(content))


def test_a_run_that_reached_its_last_step_is_finished(run: Path) -> None:
    found = stand(run)
    assert (found.state, found.step, found.stop, found.share) == ("finished", 12, 12, 1)


@pytest.mark.parametrize(("batch", "accumulate", "processes"), [(1, 1, 1), (4, 1, 1), (2, 3, 2)])
def test_the_last_step_is_computed_like_the_run_does(
    batch: int, accumulate: int, processes: int, dataset: Path
) -> None:
    """Six pairs per epoch, unless data.max_images is less."""
    train = {"batch_size": batch, "accumulate": accumulate}
    for limit, pairs in ((None, 6), (4, 4)):
        config = small_config(dataset, dataset, train=train, data={"max_images": limit})
        expected = RunLength(config.train, pairs, processes).last_step
        assert last_step(config, processes) == expected


def test_a_finished_run_is_recognized_without_data_and_with_skipped_files(
    run: Path, tmp_path: Path
) -> None:
    """A missing folder, or one with unreadable files, does not give the number of pairs."""
    change(run, "data", root=str(tmp_path / "gone"))
    assert stand(run).state == "finished"
    for name in range(9):
        (tmp_path / "gone" / "trainA").mkdir(parents=True, exist_ok=True)
        (tmp_path / "gone" / "trainB").mkdir(exist_ok=True)
        (tmp_path / "gone" / "trainA" / f"{name}.png").write_bytes(b"torn")
    assert stand(run).state == "finished"


def test_max_steps_ends_a_run_too(dataset: Path, tmp_path: Path) -> None:
    train(small_config(dataset, tmp_path / "run", train={"max_steps": 3}))
    found = stand(tmp_path / "run")
    assert (found.state, found.step) == ("finished", 3)
    assert "3 of 12; set train.max_steps higher to train further" in found.sentence


def test_a_run_without_a_recorded_end_has_crashed(dataset: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(small_config(dataset, run, train={"max_steps": 3}))
    change(run, "train", max_steps=None)
    found = stand(run)
    assert (found.state, found.step, found.stop, found.share) == ("crashed", 3, 12, 0.25)
    assert "continues from step 3" in found.sentence
    shutil.rmtree(run / "state")
    assert "continues from the beginning" in stand(run).sentence


def test_the_mark_of_a_signal_gives_the_reason(run: Path) -> None:
    mark_stopped(run, "SIGTERM after step 3 of 12; run the same command again to continue")
    assert stand(run).state == "stopped"
    assert "SIGTERM after step 3" in stand(run).sentence


def test_a_locked_run_is_running(run: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert stand(run).state == "running"
        holder.kill()
    assert stand(run).state == "finished"
