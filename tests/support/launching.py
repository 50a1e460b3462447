"""Runs of train.py as separate processes: tiny networks, small images, and their results."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).parents[2]

KEYS = {
    "data.load_size": 18,
    "data.crop_size": 16,
    "data.workers": 0,
    "networks.generator": "resnet_6blocks",
    "networks.generator_channels": 2,
    "networks.discriminator": "n_layers",
    "networks.discriminator_layers": 1,
    "networks.discriminator_channels": 2,
    "networks.dropout": "true",
    "train.pool_size": 2,
    "train.accumulate": 2,
    "train.ema": 0.9,
    "train.epochs": 1000,
    "run.device": "cpu",
    "run.threads": 1,
}
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
ACCELERATE = ("-m", "accelerate.commands.launch", "--cpu")


def write_images(folder: Path, count_a: int = 5, count_b: int = 3) -> Path:
    """Write trainA and trainB with small images of noise, in different numbers."""
    rng = np.random.default_rng(0)
    for name, count in (("trainA", count_a), ("trainB", count_b)):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            pixels = rng.integers(256, size=(24, 20 + i, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


def command(root: Path | None, run: Path, *launcher: str, **keys: object) -> list[str]:
    """Return the command line of a run; keys have two underscores for the dot."""
    own = {name.replace("__", "."): value for name, value in keys.items()}
    values = KEYS | {"data.root": root, "run.dir": run} | own
    options = [
        str(word) for name, value in values.items() for word in (f"--{name}", value)
        if value is not None
    ]  # fmt: skip
    return [sys.executable, *launcher, str(ROOT / "train.py"), *options]


def environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}


def run(arguments: list[str], status: int = 0) -> str:
    """Run a command to its end, check the exit status, and return its output."""
    done = subprocess.run(
        arguments, capture_output=True, text=True, timeout=200, cwd=ROOT, env=environment()
    )
    assert done.returncode == status, done.stderr
    return done.stderr


def kill_when(ready: Callable[[], object], arguments: Sequence[str]) -> None:
    """Start a command; kill it and its child processes by SIGKILL once `ready` returns true."""
    process = subprocess.Popen(
        arguments, env=environment(), cwd=ROOT, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not ready():
        assert process.poll() is None, "the command ended first"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def assert_same_run(ours: Path, theirs: Path) -> None:
    """Check that generators, optimizers, averages and every process's pool are bit-equal."""
    for name in ("gen_ab.safetensors", "gen_ba.safetensors"):
        assert (ours / name).read_bytes() == (theirs / name).read_bytes()
    newest = sorted((theirs / "state").iterdir())[-1]
    for path in newest.glob("*.pt"):
        expected = load(path)
        actual = load(ours / "state" / newest.name / path.name)
        # Observers hold words, too.
        assert actual.pop("observers", None) == expected.pop("observers", None)
        torch.testing.assert_close(actual, expected, rtol=0, atol=0)


def load(path: Path) -> Any:
    return torch.load(path, weights_only=True)
