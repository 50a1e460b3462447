"""Launchers that start fewer processes than requested, and their reports of failures."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from gan.system import launchers
from gan.system.processes import part
from tests.support.launching import ACCELERATE, ROOT, TORCHRUN, environment

JOINING = "from gan.system.processes import join; print(join(cpu=True).world, join(cpu=True).world)"
PARTING = """
import sys
from gan.system.processes import join, part
rank = join(cpu=True).rank
sys.exit(part(1 if rank == 0 else 0, "what failed is a.jpg"))
"""
ONE = {"ACCELERATE_MIXED_PRECISION": "no"}
TWO = ONE | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
NAMES = {*TWO, *launchers.SIZES, "TORCHELASTIC_ERROR_FILE", "LOCAL_RANK"}


def launched(tmp_path: Path, program: str, *launcher: str) -> tuple[int, str, str]:
    """Start a program; return its status, and what it printed."""
    (tmp_path / "program.py").write_text(program)
    done = subprocess.run(
        [sys.executable, *launcher, str(tmp_path / "program.py")],
        capture_output=True, text=True, timeout=200, cwd=ROOT,
        env={name: value for name, value in environment().items() if name not in NAMES}
        | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("number", [1, 2])
def test_one_process_in_place_of_several_is_reported_in_one_line(
    tmp_path: Path, number: int
) -> None:
    _, out, err = launched(tmp_path, JOINING, *ACCELERATE, "--num_processes", str(number))
    assert out == "1 1\n"
    warnings = [line for line in err.splitlines() if "torchrun" in line]
    assert len(warnings) == number - 1
    assert all("accelerate launch started one process" in line for line in warnings)


@pytest.mark.parametrize(("given", "of_the_launcher", "expected"), [
    ({}, {}, False), (ONE, {}, False), (TWO, {}, True),
    (TWO | {"WORLD_SIZE": "2"}, {}, False), (TWO | {"OMPI_COMM_WORLD_SIZE": "2"}, {}, False),
    (TWO, {"MASTER_ADDR": "10.0.0.1"}, False), (TWO, None, True),
    ({"MASTER_ADDR": "127.0.0.1"}, {}, False),
])  # fmt: skip
def test_the_environment_that_launchers_set_is_recognized(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: dict[str, str],
    of_the_launcher: dict[str, str] | None,
    expected: bool,
) -> None:
    """None: the launcher's own environment cannot be read."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    def environ() -> dict[str, str]:
        if of_the_launcher is None:
            raise psutil.AccessDenied
        return of_the_launcher

    parent = SimpleNamespace(environ=environ)
    monkeypatch.setattr(psutil, "Process", lambda: SimpleNamespace(parent=lambda: parent))
    launchers.warn_if_alone.cache_clear()
    launchers.warn_if_alone()
    launchers.warn_if_alone()
    launchers.warn_if_alone.cache_clear()
    assert capsys.readouterr().err.count("torchrun") == expected


def test_a_failure_of_all_is_reported_by_one_process_with_its_reason(tmp_path: Path) -> None:
    status, _, err = launched(tmp_path, PARTING, *TORCHRUN)
    assert status == 1
    assert "<NO_OTHER_FAILURES>" in err
    assert "local_rank: 1" not in err
    assert err.splitlines()[-2].split(": ", 1)[1] == "what failed is a.jpg"


def test_a_single_process_keeps_its_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(tmp_path / "error.json"))
    assert [part(status, "words") for status in (0, 1, 75)] == [0, 1, 75]
    assert not list(tmp_path.iterdir())
    launchers.explain_failure("words")
    assert json.loads((tmp_path / "error.json").read_text())["message"]["message"] == "words"
