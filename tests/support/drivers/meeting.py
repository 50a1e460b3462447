"""Cases of errors and long work on one of two processes (gloo).

torchrun --nproc_per_node 2 tests/support/drivers/meeting.py CASE ARGUMENTS...
"""

import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
import torch.distributed as dist

from gan.cli.main import run
from gan.evaluation import folders, measure
from gan.system.processes import Processes, any_process, leave
from gan.training.recipes.cyclegan import Trainer

SECONDS = 10
"""Time limit of collectives of the default group."""


def patience() -> int:
    """Let the main process work longer than collectives may take, twice."""
    dist.init_process_group("gloo", timeout=timedelta(seconds=SECONDS))
    processes = Processes(dist.get_rank(), 2)
    assert processes.once(lambda: slow("main")) == "main"
    assert processes.gather(lambda: ["each"]) == ["each"] * 2
    if processes.main:
        slow("observing")
    assert any_process(processes.main)
    dist.all_reduce(torch.ones(1))
    leave()
    return 0


def slow(answer: str) -> str:
    """Return an answer, late."""
    time.sleep(SECONDS + 2)
    return answer


class LocalError(ValueError):
    """An error that no other process can unpack, because it takes two arguments."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(one + other)


ERRORS = {
    "local": LocalError("str", "ange"),
    "other": KeyError("strange"),
    "own": OSError("strange"),
}


def wrong() -> int:
    """Let one process raise an error; both print the error that they get."""
    dist.init_process_group("gloo")
    processes = Processes(dist.get_rank(), 2)

    def fail(kind: str) -> list[Any]:
        raise ERRORS[kind]

    for kind in ERRORS:
        for meet in (processes.once, processes.gather):
            fails = processes.main == (meet == processes.once)
            try:
                meet(partial(fail, kind) if fails else list)
            except Exception as error:
                # In one write: both processes print to one place.
                sys.stdout.write(f"{kind} {processes.rank}: {type(error).__name__}: {error}\n")
                sys.stdout.flush()
    leave()
    return 0


def vanishing(spared: str, command: str, *arguments: str) -> int:
    """Run a command; the second process removes its images after measuring some."""
    read, left = folders.read_images, iter(range(int(spared)))

    def vanished(files: Sequence[Path], *more: Any) -> torch.Tensor:
        if dist.get_rank() == 1 and next(left, None) is None:
            files[0].unlink()
        return read(files, *more)

    with patch.object(measure, "read_images", vanished):
        return run(command, arguments, prog="test")


def failing(*arguments: str) -> int:
    """Train; the second process fails in the second step."""
    train_step = Trainer.train_step

    def fail(trainer: Trainer, step: int, batches: Any) -> Any:
        if dist.get_rank() == 1 and step == 2:
            raise OSError("disk.bin: No space left on device")
        return train_step(trainer, step, batches)

    with patch.object(Trainer, "train_step", fail):
        return run("train", arguments, prog="test")


def breaking(path: str, *arguments: str) -> int:
    """Train; an image is removed in the second step."""
    train_step = Trainer.train_step

    def remove(trainer: Trainer, step: int, batches: Any) -> Any:
        if step == 2:
            Path(path).unlink(missing_ok=True)
        return train_step(trainer, step, batches)

    with patch.object(Trainer, "train_step", remove):
        return run("train", arguments, prog="test")


CASES: dict[str, Callable[..., int]] = {
    "patience": patience,
    "wrong": wrong,
    "vanishing": vanishing,
    "failing": failing,
    "breaking": breaking,
}

if __name__ == "__main__":
    sys.exit(CASES[sys.argv[1]](*sys.argv[2:]))
