"""A run's folder belongs to one process at a time, and says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gan.training.run_folder import claim, is_held
from tests.support.runs import HOLD


def test_a_folder_that_another_process_trains_into_is_refused(tmp_path: Path) -> None:
    """Until that process ends, however it does."""
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


def test_asking_who_holds_a_folder_leaves_it_as_it_was(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "nothing")
    (tmp_path / ".lock").write_text("17 on another machine")
    assert not is_held(tmp_path)
    assert (tmp_path / ".lock").read_text() == "17 on another machine"


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(ValueError, match=rf"run.dir {tmp_path / 'run'} cannot be written"):
        claim(tmp_path / "run")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ValueError, match="Permission denied"):
        claim(tmp_path / "run")
    tmp_path.chmod(0o700)
