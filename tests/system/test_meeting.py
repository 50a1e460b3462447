"""Two processes (gloo): an error on one ends both, and one may work alone for a long time."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.generators import write_generator
from tests.support.launching import KEYS, ROOT, TORCHRUN, environment, write_images
from tests.support.pictures import Photos

DRIVER = str(ROOT / "tests" / "support" / "drivers" / "meeting.py")


def meet(*arguments: object, status: int = 0) -> str:
    """Run a case of the driver on two processes; return what was printed."""
    done = subprocess.run(
        [sys.executable, *TORCHRUN, DRIVER, *map(str, arguments)],
        capture_output=True, text=True, timeout=100, cwd=ROOT,
        env=environment() | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode == 0) == (status == 0), done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_the_main_process_may_work_longer_than_collectives_may_take() -> None:
    meet("patience")


def test_an_error_of_one_process_is_raised_on_all() -> None:
    """From either process; internal errors keep only their text."""
    lines = meet("wrong").splitlines()
    for said in ("local {}: ValueError: strange", "other {}: RuntimeError: KeyError: 'strange'",
                 "own {}: OSError: strange"):  # fmt: skip
        assert [lines.count(said.format(rank)) for rank in (0, 1)] == [2, 2], said


@pytest.mark.slow
def test_an_image_that_one_process_cannot_read_ends_an_evaluation_with_one_line(
    tmp_path: Path, photos: Photos
) -> None:
    photos("testA", 6), photos("testB", 6)
    for direction in ("ab", "ba"):
        write_generator(tmp_path / f"gen_{direction}.safetensors", direction)
    options = {"model": tmp_path, "root": tmp_path, "size": 32, "batch_size": 1, "device": "cpu"}
    said = meet("vanishing", 0, "evaluate", *(f"--{k}={v}" for k, v in options.items()), status=1)
    assert said.count("test: error: ") == 1
    assert f"test: error: {tmp_path / 'test'}" in said
    assert "No such file" in said


@pytest.mark.slow
def test_a_process_that_fails_alone_ends_the_others_with_a_line_each(tmp_path: Path) -> None:
    root = write_images(tmp_path / "data")
    keys = {"data.root": root, "run.dir": tmp_path / "run", "train.max_steps": 4}
    options = [f"--{key}={value}" for key, value in (KEYS | keys).items()]
    printed = meet("failing", *options, status=1)
    own = [line for line in printed.splitlines() if "test: error: " in line]
    assert sorted(line.partition("error: ")[2] for line in own) == [
        "another process has ended; it printed why", "disk.bin: No space left on device",
    ]  # fmt: skip
    assert "exitcode  : 1" in printed  # torchrun's own; an abort would be -6
    assert 'File "' not in printed.partition("torch/distributed")[0]


@pytest.mark.parametrize(
    ("spared", "status", "said"),
    [(0, 1, "test: error: "), (4, 0, "step 2: not evaluated: ")],
    ids=["at the beginning", "later"],
)
def test_an_image_that_one_process_cannot_read_is_one_line_of_a_training(
    spared: int, status: int, said: str, tmp_path: Path
) -> None:
    """Two images of each domain are measured by that process, in two evaluations."""
    root = write_images(tmp_path / "data")
    for name in ("A", "B"):
        (root / f"test{name}").mkdir()
        for number in range(4):
            image = (root / f"train{name}" / f"{number % 3}.png").read_bytes()
            (root / f"test{name}" / f"{name}{number}.png").write_bytes(image)
    keys = {"data.root": root, "run.dir": tmp_path / "run", "train.max_steps": 2}
    keys |= {"evaluate.every": 2, "evaluate.batch_size": 1}
    options = [f"--{key}={value}" for key, value in (KEYS | keys).items()]
    printed = meet("vanishing", spared, "train", *options, status=status)
    assert printed.count(f"{said}{root / 'test'}") == 1
    assert (tmp_path / "run" / "state" / "step-00000002").exists() == (status == 0)
