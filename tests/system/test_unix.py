"""Functions that Windows lacks have replacements, with the same results or without effect."""

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from gan.inference.tiling.local import Span
from gan.inference.tiling.storage import scratch_maps
from gan.system import unix
from gan.system.memory import peak_memory
from gan.system.threads import cores
from gan.training.run_folder import claim, is_held

CALLS = ("preadv", "pwritev", "posix_fallocate", "sched_getaffinity")
MODULES = ("fcntl", "resource")


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the functions that Windows lacks."""
    for name in CALLS:
        monkeypatch.delattr(os, name, raising=False)
    for name in MODULES:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(sys, "platform", "win32")


def test_the_functions_are_hidden(windows: None) -> None:
    for name in MODULES:
        with pytest.raises(ImportError):
            __import__(name)


@pytest.mark.parametrize("system", ["own", "windows"])
def test_lines_of_a_file_are_moved_by_several_threads(
    system: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Each at its place, while the others are moved."""
    if system == "windows":
        request.getfixturevalue("windows")
    written = torch.arange(64 * 3 * 5, dtype=torch.float32).reshape(64, 1, 3, 1, 5)
    with scratch_maps(tmp_path, 1, 3, 64, 5) as (file,), ThreadPoolExecutor(4) as threads:
        list(threads.map(file.write, range(64), written))
        read = list(threads.map(lambda line: file.read(Span(line, line + 1)), range(64)))
    assert torch.equal(torch.stack(read), written)


def test_a_part_of_a_file_is_read_as_far_as_it_goes(windows: None, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    descriptor = os.open(tmp_path / "a", os.O_RDWR)
    buffer = bytearray(6)
    assert unix.read_at(descriptor, memoryview(buffer), 7) == 3
    assert bytes(buffer) == b"789\0\0\0"
    assert unix.write_at(descriptor, memoryview(b"xy"), 2) == 2
    os.close(descriptor)
    assert (tmp_path / "a").read_bytes() == b"01xy456789"


def test_a_run_is_claimed_on_systems_without_locks(windows: None, tmp_path: Path) -> None:
    """Even twice, because the claim is not visible; the holder's number can be read."""
    first, second = claim(tmp_path / "run"), claim(tmp_path / "run")
    assert not is_held(tmp_path / "run")
    assert (tmp_path / "run" / ".lock").read_text().startswith(f"{os.getpid()} on ")
    os.close(first)
    os.close(second)


def test_cores_are_those_of_the_machine(windows: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    assert cores() == 12
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


@pytest.mark.parametrize(("counts", "expected"), [
    ({"rss": 5, "peak_wset": 9}, 9), ({"rss": 5}, 5),
])  # fmt: skip
def test_peak_memory_is_the_systems_own_count(
    windows: None, monkeypatch: pytest.MonkeyPatch, counts: dict[str, int], expected: int
) -> None:
    process = SimpleNamespace(memory_info=lambda: SimpleNamespace(**counts))
    monkeypatch.setattr(psutil, "Process", lambda: process)
    assert peak_memory(torch.device("cpu")) == expected


@pytest.mark.parametrize("call", [
    lambda: unix.follow_parent(signal.SIGTERM), lambda: unix.reserve(-1, 100),
])  # fmt: skip
def test_functions_without_replacement_do_nothing(windows: None, call: Callable[[], None]) -> None:
    call()
