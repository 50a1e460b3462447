"""Signals and kills: the run stops after its step, and resumes exactly."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from gan.system.signals import Interruption
from tests.support import interrupted_runs
from tests.support.launching import (
    ACCELERATE,
    ROOT,
    TORCHRUN,
    assert_same_run,
    command,
    environment,
    run,
    write_images,
)

STEPS = 120


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def straight(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run without interruptions."""
    folder = tmp_path_factory.mktemp("straight")
    run(command(root, folder, train__max_steps=STEPS, train__checkpoint_every=5))
    return folder


def start(arguments: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=ROOT,
        env=environment(), start_new_session=True,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_ends_the_run_after_its_step_and_it_resumes_exactly(
    number: signal.Signals, root: Path, straight: Path, tmp_path: Path
) -> None:
    arguments = command(root, tmp_path, train__max_steps=STEPS, train__checkpoint_every=5)
    process = start(arguments)
    interrupted_runs.wait_for_training(tmp_path, process)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 75, said
    assert f"stopped by {number.name} after step" in said
    if number == signal.SIGTERM:
        run(arguments)
        assert_same_run(tmp_path, straight)


def test_a_second_interrupt_ends_the_process_at_once() -> None:
    """In a separate process, because the process of the test must survive."""
    child = os.fork()
    if child == 0:
        with Interruption():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130


def test_handlers_are_restored() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGTERM)
        assert interruption.received == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.slow
def test_sigterm_to_accelerate_launch_reaches_the_run(
    root: Path, straight: Path, tmp_path: Path
) -> None:
    """It ends the launcher; the run then saves and writes its mark."""
    settings = {"train__max_steps": STEPS, "train__checkpoint_every": 5}
    process = start(command(root, tmp_path, *ACCELERATE, **settings))
    interrupted_runs.wait_for_training(tmp_path, process)
    process.terminate()
    process.communicate(timeout=60)  # returns when the run, too, has closed stderr
    assert (tmp_path / "stopped").read_text().startswith("SIGTERM")
    run(command(root, tmp_path, *ACCELERATE, **settings))
    assert not (tmp_path / "stopped").exists()
    assert_same_run(tmp_path, straight)


@pytest.mark.slow
def test_sigterm_to_torchrun_reaches_both_processes(root: Path, tmp_path: Path) -> None:
    settings = {"train__max_steps": 60, "train__checkpoint_every": 5}
    run(command(root, tmp_path / "straight", *TORCHRUN, **settings))
    process = start(command(root, tmp_path / "parts", *TORCHRUN, **settings))
    interrupted_runs.wait_for_training(tmp_path / "parts", process)
    process.terminate()
    process.communicate(timeout=100)
    assert (tmp_path / "parts" / "stopped").read_text().startswith("SIGTERM")
    run(command(root, tmp_path / "parts", *TORCHRUN, **settings))
    assert_same_run(tmp_path / "parts", tmp_path / "straight")


@pytest.mark.slow
def test_kill_9_at_random_moments_changes_nothing(tmp_path: Path) -> None:
    """experiments/checks/kills.py does the same thirty times."""
    interrupted_runs.train(tmp_path, kills=3, steps=60)
