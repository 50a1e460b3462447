"""A run that is killed at random moments, saves included, against one that is left alone."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.launching import ROOT, assert_same_run, command, environment, run, write_images


def kill_and_compare(
    folder: Path, kills: int = 30, steps: int | None = None, seed: int = 0
) -> None:
    """Train with states every fifth step, kill the run, start it again, and so on to the end.

    Args:
        folder: An empty folder; it is left behind for a look.
        kills: How often. Every run is killed within a second after it has written a state.
        steps: Steps of the run; left out, enough for that many kills.
        seed: Of the moments.
    """
    rng, root = random.Random(seed), write_images(folder / "photos")
    settings = {"train__max_steps": steps or 30 * kills, "train__checkpoint_every": 5}
    run(command(root, folder / "straight", **settings))
    arguments = command(root, folder / "killed", **settings)
    for number in range(kills):
        step = killed_at(arguments, folder / "killed", rng.uniform(0, 1))
        print(f"kill {number + 1} of {kills}: newest state {step}", file=sys.stderr)
    run(arguments)
    assert_same_run(folder / "killed", folder / "straight")
    print(f"{kills} kills: every tensor equals the uninterrupted run's")


def killed_at(arguments: list[str], folder: Path, seconds: float) -> str:
    """Start a run, kill it so long after its training has begun, and name its newest state."""
    process = subprocess.Popen(
        arguments, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(),
        start_new_session=True,
    )  # fmt: skip
    wait_for_training(folder, process)
    time.sleep(seconds)
    assert process.poll() is None, "the run ended before it could be killed: give it more steps"
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return max(path.name for path in (folder / "state").glob("step-*"))


def wait_for_training(folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a run has written a state of its own; one that ends before is right, too."""
    before, until = newest(folder), time.monotonic() + 100
    while newest(folder) == before and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.01)


def newest(folder: Path) -> str:
    return max((path.name for path in folder.glob("state/step-*")), default="")
