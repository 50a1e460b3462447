"""A run's folder belongs to one process at a time; others are rejected."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from gan.training import train
from gan.training.recipes.cyclegan import Trainer
from gan.training.run_folder import claim, is_held
from tests.support.pictures import Photos
from tests.support.runs import HOLD, config


def test_a_folder_that_another_process_trains_into_is_rejected(tmp_path: Path) -> None:
    """Until that process ends, in any way."""
    folder = tmp_path / "run"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "held\n"
    assert is_held(folder)
    with pytest.raises(
        ValueError, match=rf"run.dir {folder}: process {holder.pid} on .*name another"
    ):
        claim(folder)
    holder.kill()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    assert not is_held(folder)
    os.close(claim(folder))


def test_checking_the_lock_does_not_change_the_folder(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "nothing")
    (tmp_path / ".lock").write_text("17 on another machine")
    assert not is_held(tmp_path)
    assert (tmp_path / ".lock").read_text() == "17 on another machine"


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(ValueError, match=rf"run.dir {tmp_path / 'run'} cannot be written"):
        claim(tmp_path / "run")


def test_incomplete_files_of_killed_processes_are_removed(tmp_path: Path) -> None:
    """But nothing else, and nothing that is being written."""
    (tmp_path / "samples").mkdir()
    left = [tmp_path / f".{'a' * 32}.part", tmp_path / "samples" / f".{'b' * 32}.part"]
    kept = [tmp_path / ".part", tmp_path / "a.part", tmp_path / "gen_ab.safetensors"]
    for path in (*left, *kept):
        path.write_bytes(b"half")
    os.close(claim(tmp_path))
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in kept)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ValueError, match="Permission denied"):
        claim(tmp_path / "run")
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("how", ["deleted", "moved"])
def test_a_folder_that_vanishes_ends_the_run_with_one_error(
    how: str, tmp_path: Path, photos: Photos, capfd: pytest.CaptureFixture[str]
) -> None:
    """TensorBoard's thread would print another traceback; the folder is not created again."""
    photos("data/trainA"), photos("data/trainB")
    train_step = Trainer.train_step

    def vanish(trainer: Trainer, step: int, batches: Any) -> Any:
        if step == 3 and how == "deleted":
            shutil.rmtree(tmp_path / "run")
        elif step == 3:
            (tmp_path / "run").rename(tmp_path / "elsewhere")
        time.sleep(0.02)  # for the thread
        return train_step(trainer, step, batches)

    settings = config(tmp_path / "data", tmp_path / "run", train={"log_every": 1, "epochs": 9})
    hook = threading.excepthook
    with (
        patch.object(Trainer, "train_step", vanish),
        pytest.raises(OSError, match=rf"^{tmp_path}/run/logs: cannot be written: No such file"),
    ):
        train(settings)
    assert "Traceback" not in capfd.readouterr().err
    assert not (tmp_path / "run").exists()
    assert threading.excepthook is hook
