"""Shared and killed translations give the same files, in every byte."""

import subprocess
import sys
from pathlib import Path

from tests.support import interrupted_runs
from tests.support.generators import write_generator
from tests.support.launching import ROOT, TORCHRUN, environment


def test_two_processes_write_the_same_files_as_one(tmp_path: Path) -> None:
    """Each translates half of the batches; failures of both are in one list."""
    interrupted_runs.write_tree(tmp_path / "photos", 60)
    write_generator(tmp_path / "gen_ab.safetensors")
    for name, launcher in (("one", []), ("two", TORCHRUN)):
        script = [str(ROOT / "scripts" / "translate.py"), "--device", "cpu"]
        script += ["--model", str(tmp_path / "gen_ab.safetensors"), "--output"]
        script += [str(tmp_path / name), "--input", str(tmp_path / "photos")]
        done = subprocess.run(
            [sys.executable, *launcher, *script],
            capture_output=True, text=True, timeout=200, cwd=ROOT, env=environment(),
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        assert "59 of 60 images translated" in done.stderr
        assert done.stderr.count("images translated") == 1
        reported = launcher == TORCHRUN  # by one process, with the reason at the end
        assert ("<NO_OTHER_FAILURES>" in done.stderr) == reported
        assert ("some items failed" in done.stderr.splitlines()[-2]) == reported
    one, two = (interrupted_runs.contents(tmp_path / name) for name in ("one", "two"))
    assert len(one) == 60
    assert two == one


def test_a_killed_translation_continues(tmp_path: Path) -> None:
    interrupted_runs.translate(tmp_path, kills=3, images=150)
