"""scripts/gpu_check.py: its reports, with parts that do nothing or never end."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from jsonargparse import auto_cli

from experiments.checks.gpu.parts import PARTS
from scripts import gpu_check
from tests.support.launching import ROOT, environment

USUAL = 8 * 60
"""Seconds for all parts."""

Report = dict[str, Any]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Restore the signal handlers of pytest."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the parts that were started; they do nothing."""
    names: list[str] = []

    def run_group(command: Sequence[str], log: Path, *_: Any) -> int:
        names.append(command[command.index("--only") + 1])
        log.touch()
        return 0

    monkeypatch.setattr(gpu_check, "run_group", run_group)
    return names


def report(output: Path) -> Report:
    read: Report = json.loads((output / "gpu_check.json").read_text())
    return read


@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM],
    ids=lambda each: each.name,
)
def test_a_signal_ends_the_part_and_leaves_the_report(
    number: signal.Signals, tmp_path: Path
) -> None:
    temporary, output = tmp_path / "temporary", tmp_path / "output"
    temporary.mkdir()
    check = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/support/drivers/gpu_check.py"), "--device", "cpu",
         "--parts", "recipe", "--output", str(output)],
        env=environment() | {"TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}, cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    file = wait_for(lambda: next(temporary.glob("*/child"), None))
    child = int(wait_for(file.read_text))
    check.send_signal(number)
    printed, _ = check.communicate(timeout=60)
    assert check.returncode == 128 + number
    assert printed == f"recipe: interrupted; finished parts are in {output / 'gpu_check.md'}\n"
    assert report(output)["parts"]["recipe"]["result"] == "interrupted"
    assert not list(temporary.iterdir())
    wait_for(lambda: ended(child))


def ended(number: int) -> bool:
    """Return whether a process has ended, even if its status was not collected."""
    try:
        return ") Z " in Path(f"/proc/{number}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_for(ready: Callable[[], Any]) -> Any:
    """Wait until a value is true, and return it."""
    until = time.monotonic() + 90
    while not (found := ready()):
        assert time.monotonic() < until, "never happens"
        time.sleep(0.05)
    return found


def test_parts_that_do_not_run_again_keep_their_rows(started: list[str], tmp_path: Path) -> None:
    gpu_check.check("cpu", True, tmp_path)
    whole = report(tmp_path)["parts"]
    assert started == [name for name in PARTS if not PARTS[name].gpus]
    file = tmp_path / "gpu_check.json"
    old = file.read_text().replace('"passed"', '"passed before"').replace(
        '"skipped: needs a GPU, but torch finds none"', '"passed before"'
    )  # fmt: skip
    file.write_text(old)
    assert gpu_check.check("cpu", True, tmp_path, parts="golden,profile") == 0
    results = {name: row["result"] for name, row in report(tmp_path)["parts"].items()}
    assert list(results) == list(whole) == list(PARTS)
    # profile has not run: it needs a GPU.
    assert results == dict.fromkeys(PARTS, "passed before") | {"golden": "passed"}


@pytest.mark.parametrize(
    ("key", "reason"), [("small", "small True, not False"), ("torch", "torch 1, not")]
)
def test_rows_of_another_device_or_size_are_dropped(
    key: str, reason: str, started: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gpu_check.check("cpu", False, tmp_path, parts="resume,recipe")
    earlier = report(tmp_path)
    if key == "small":
        earlier["small"] = True
    else:
        earlier["machine"]["torch"] = "1"
    (tmp_path / "gpu_check.json").write_text(json.dumps(earlier))
    capsys.readouterr()
    gpu_check.check("cpu", False, tmp_path, parts="golden")
    assert list(report(tmp_path)["parts"]) == ["golden"]
    first, *_ = capsys.readouterr().out.splitlines()
    assert reason in first
    assert first.endswith("dropped resume, recipe")


def test_a_file_that_is_not_a_report_is_ignored(
    started: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gpu_check.json").write_text("{")
    assert gpu_check.check("cpu", True, tmp_path, parts="golden") == 0
    assert "not a report: ignored" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_an_output_that_cannot_be_created_is_rejected_in_one_line(
    place: str, started: list[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"^--output: .*cannot be written: [^\n]*$"):
        gpu_check.check("cpu", output=tmp_path / place)
    assert started == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("golden", ["golden"]),
        ("[golden]", ["golden"]),
        ("resume,golden", ["golden", "resume"]),
        ("['golden', resume]", ["golden", "resume"]),
    ],
)
def test_parts_are_named_with_brackets_or_without(
    text: str, expected: list[str], started: list[str], tmp_path: Path
) -> None:
    words = ["--device", "cpu", "--parts", text, "--output", str(tmp_path)]
    auto_cli(gpu_check.check, args=words, as_positional=False)
    assert started == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("golden,resumes", "--parts: no part resumes; did you mean resume?; use golden, "),
        ("xyz", "--parts: no part xyz; use golden, "),
        ("[]", "--parts: empty: use golden, "),
    ],
)
def test_unknown_parts_are_rejected_in_one_line(text: str, message: str) -> None:
    words = ["--device", "cpu", "--parts", text]
    with pytest.raises(SystemExit) as caught:
        auto_cli(gpu_check.check, args=words, as_positional=False)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_row_states_which_time_ran_out(
    started: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu_check, "run_group", lambda _, log, *__: log.touch())
    for minutes, name, result in (
        (0.01, "golden", "not run: the total of 0.01 minutes ran out"),
        (0.5, "golden", "ended: the total of 0.5 minutes ran out"),
        (8, "golden", "failed: took longer than 60 seconds"),
    ):
        assert gpu_check.check("cpu", True, tmp_path, name, minutes) == 1
        assert report(tmp_path)["parts"][name]["result"] == result


def test_the_benchmark_and_what_comes_before_fit_into_the_usual_time() -> None:
    ends = dict(zip(PARTS, accumulate(part.seconds for part in PARTS.values()), strict=True))
    assert ends["benchmark"] <= USUAL
    assert ends["resume"] <= USUAL


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """It has no status, and no process of its group continues."""
    code = "import subprocess, sys; subprocess.run(['sleep', '60'])"
    started = time.monotonic()
    log = tmp_path / "log"
    command = [sys.executable, "-S", "-c", code]
    assert gpu_check.run_group(command, log, 1, gpu_check.Interruption()) is None
    assert time.monotonic() - started < 30
