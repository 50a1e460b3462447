"""Augmentations with several processes or kills give equal files, in every byte."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import interrupted_runs
from tests.support.generators import write_generator
from tests.support.labelled import write_coco
from tests.support.launching import ROOT, TORCHRUN, environment


@pytest.mark.slow
def test_two_processes_write_what_one_writes(tmp_path: Path) -> None:
    write_coco(tmp_path / "in")
    (tmp_path / "run").mkdir()
    for direction in ("ab", "ba"):
        write_generator(tmp_path / "run" / f"gen_{direction}.safetensors", direction)
    for name, launcher in (("one", []), ("two", TORCHRUN)):
        script = [str(ROOT / "scripts" / "augment.py"), "--device", "cpu", "--format", "coco"]
        script += ["--dataset", str(tmp_path / "in"), "--output", str(tmp_path / name)]
        script += ["--model", str(tmp_path / "run"), "--direction", "ab", "--mode", "add"]
        script += ["--structure", "50%", "--luma", "off", "--shift", "off", "--edges", "off"]
        done = subprocess.run(
            [sys.executable, *launcher, *script],
            capture_output=True, text=True, timeout=200, cwd=ROOT, env=environment(),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("translations accepted") == 1
    one, two = (interrupted_runs.contents(tmp_path / name) for name in ("one", "two"))
    assert two == one
    assert b'"cycle": 0' in one["augmentation.jsonl"]


@pytest.mark.slow
def test_an_augmentation_that_is_killed_is_resumed(tmp_path: Path) -> None:
    interrupted_runs.augment(tmp_path, kills=2, images=60)
