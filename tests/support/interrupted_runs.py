"""Compare commands that are killed at random moments with undisturbed ones."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.support.clips import panned, write_clip
from tests.support.generators import write_generator
from tests.support.launching import ROOT, assert_same_run, command, environment, run, write_images


def train(folder: Path, kills: int = 30, steps: int | None = None, seed: int = 0) -> None:
    """Train with states every fifth step, kill the run, start it again, and so on to the end.

    Args:
        folder: An empty folder; it is kept.
        kills: Number of kills. Every run is killed within a second after it has written a state.
        steps: Steps of the run; not set: enough for that many kills.
        seed: Seed of the moments.
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


def translate(folder: Path, kills: int = 20, images: int = 400, seed: int = 0) -> None:
    """Translate a tree of mixed images, kill it while it writes, start it again, and so on.

    Args:
        folder: An empty folder; it is kept.
        kills: Number of kills. A translation that ends before is compared and started again.
        images: Number of images, a few of them damaged.
        seed: Seed of the moments.
    """
    write_tree(folder / "photos", images)
    write_generator(folder / "gen_ab.safetensors", channels=4)
    words = ["--model", str(folder / "gen_ab.safetensors"), "--input", str(folder / "photos")]
    killed_again("translate", words, folder, kills, random.Random(seed), 0.3, status=1)


def augment(folder: Path, kills: int = 20, images: int = 300, seed: int = 0) -> None:
    """Augment a YOLO dataset, kill it while it writes, start it again, and so on.

    Args:
        folder: An empty folder; it is kept.
        kills: Number of kills. An augmentation that ends before is compared and started again.
        images: Number of images, a few of them damaged.
        seed: Seed of the moments.
    """
    write_tree(folder / "dataset" / "images", images)
    for path in (folder / "dataset" / "images").rglob("*.*"):
        label = folder / "dataset" / "labels" / path.parent.name / f"{path.stem}.txt"
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text("0 0.5 0.5 0.4 0.4")
    (folder / "run").mkdir()
    for direction in ("ab", "ba"):
        write_generator(folder / "run" / f"gen_{direction}.safetensors", direction, channels=4)
    words = ["--model", str(folder / "run"), "--direction", "ab", "--format", "yolo"]
    words += ["--dataset", str(folder / "dataset"), "--mode", "add", "--strength", "0.5,1"]
    # Random networks turn noise into noise: these thresholds accept about half of it.
    words += ["--structure", "50%", "--shift", "off", "--edges", "off", "--luma", "off"]
    words += ["--contrast", "off", "--cycle", "2mad"]

    def finished(killed: Path) -> bool:
        return (killed / "augmentation.json").exists() and not (killed / ".augment").exists()

    killed_again("augment", words, folder, kills, random.Random(seed), 1, finished, status=1)


def clips(folder: Path, kills: int = 10, frames: int = 260, seed: int = 0) -> None:
    """Translate a clip, kill it while it writes segments, start it again, and so on.

    Args:
        folder: An empty folder; it is kept.
        kills: Number of kills. A translation that ends before is compared and started again.
        frames: Number of frames in each of two shots.
        seed: Seed of the moments.
    """
    name = "clip.mp4"
    source = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    write_clip(source, [*panned(frames, seed=1), *panned(frames, seed=2)], sound=True)
    write_generator(folder / "gen_ab.safetensors", channels=4)
    words = ["--model", str(folder / "gen_ab.safetensors"), "--input", str(source)]

    def finished(killed: Path) -> bool:
        return (killed / name).exists()

    killed_again("translate", words, folder, kills, random.Random(seed), 1, finished, name)


def killed_again(
    command: str, words: list[str], folder: Path, kills: int, rng: random.Random, longest: float,
    finished: Callable[[Path], bool] | None = None, output: str = "", status: int = 0,
) -> None:  # fmt: skip
    """Run a command undisturbed, then kill and repeat it; compare all that each has written.

    Args:
        command: Its script's name.
        words: Its options but --output.
        folder: Receives `straight` and `killed`, each with the output.
        kills: Number of kills. What ends before is compared and started again.
        rng: Draws the moments.
        longest: Most seconds from the first new file to the kill.
        finished: Whether a folder is complete; not set: if it has as many files.
        output: A file's name in the folders; empty: the folders are the output.
        status: Exit status of a complete run.
    """
    script = [sys.executable, str(ROOT / "scripts" / f"{command}.py"), "--device", "cpu", *words]
    straight, killed = folder / "straight", folder / "killed"
    run([*script, "--output", str(straight / output)], status=status)
    expected, again = contents(straight), [*script, "--output", str(killed / output)]
    for number in range(kills):
        count = translation_killed(again, killed, rng.uniform(0, longest))
        print(f"kill {number + 1} of {kills}: {count} of {len(expected)} files", file=sys.stderr)
        if finished(killed) if finished else count == len(expected):
            assert contents(killed) == expected
            shutil.rmtree(killed)
    run(again, status=status)
    assert contents(killed) == expected
    print(f"{kills} kills: every file equals the undisturbed run's, and no other is there")


def write_tree(folder: Path, images: int) -> None:
    """Write small images of four sizes and two formats in ten folders; every 50th is truncated."""
    rng = np.random.default_rng(0)
    for number in range(images):
        path = folder / f"{number % 10}" / f"{number:04d}.{'jpg' if number % 3 else 'png'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        shape = (48 + 16 * (number % 2), 64 + 16 * (number // 2 % 2), 3)
        Image.fromarray(rng.integers(256, size=shape, dtype=np.uint8)).save(path)
        if number % 50 == 49:
            path.write_bytes(path.read_bytes()[:500])


def contents(folder: Path) -> dict[str, bytes]:
    """Return the contents of all files below a folder, including hidden ones."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def translation_killed(arguments: list[str], output: Path, seconds: float) -> int:
    """Start a translation, kill it `seconds` after its first new file; return the files written."""

    def count() -> int:
        return sum(not path.name.startswith(".") for path in output.rglob("*.*"))

    before, until = count(), time.monotonic() + 100
    process = subprocess.Popen(
        arguments, stderr=subprocess.DEVNULL, cwd=ROOT, env=environment(), start_new_session=True
    )
    while count() == before and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.002)
    time.sleep(seconds)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return count()


def killed_at(arguments: list[str], folder: Path, seconds: float) -> str:
    """Start a run, kill it `seconds` after its training has begun; return its newest state."""
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
    """Wait until a run has written a new state, or has ended."""
    before, until = newest(folder), time.monotonic() + 100
    while newest(folder) == before and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.01)


def newest(folder: Path) -> str:
    return max((path.name for path in folder.glob("state/step-*")), default="")
