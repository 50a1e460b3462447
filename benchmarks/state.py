"""Measure what saving and resuming costs: bytes, copying, writing, reading."""

import shutil
import statistics
from functools import partial
from pathlib import Path

from benchmarks.machine import report, timed
from benchmarks.plain import random_batch
from experiments.compare.training import Candidate
from gan.cli.commands import COMMANDS
from gan.cli.parser import Parser
from gan.config import Config
from gan.training.accelerator import build_accelerator
from gan.training.checkpoint.saver import Saver
from gan.training.checkpoint.states import newest_state
from gan.training.recipes.cyclegan import Trainer


def state(
    folder: Path, recipe: str = "paper", keys: list[str] | None = None, rounds: int = 5
) -> None:
    """Save the training state of a CycleGAN recipe and read it again; print medians.

    The training waits while a state is copied (copy_seconds); a thread writes it (write_seconds).
    Reading includes the check of every file's hash.

    Args:
        folder: Folder for the state; it is created, and emptied at the end.
        recipe: Configuration, as for --config.
        keys: More keys, NAME=VALUE.
        rounds: Turns.
    """
    candidate = Candidate(",".join([recipe, *(keys or [])]), ["run.device=cpu"])
    parsed, _ = Parser(COMMANDS["train"], "benchmarks").options(candidate.words)
    config = Config.model_validate(parsed)
    trainer = Trainer(config, build_accelerator(config))
    batch = random_batch(config.data.crop_size, config.train.batch_size)
    trainer.train_step(1, [batch])  # now the optimizers have moments
    fill_pools(trainer, config.train.pool_size)
    frame, root = trainer.frame, folder / "state"
    seconds: dict[str, list[float]] = {"copy": [], "write": [], "read": []}
    with Saver(root, frame.accelerator, keep=1) as saver:

        def save(step: int) -> None:
            manifest = {"step": step, "config": config.model_dump(mode="json")}
            saver.save(frame.state(), frame.own_state(), manifest)

        for step in range(1, rounds + 1):
            seconds["copy"].append(timed(partial(save, step)))
            seconds["write"].append(timed(saver.finish))
            seconds["read"].append(timed(lambda: read(root, trainer)))
        saved, _ = newest_state(root)
        assert saved is not None
        sizes = {path.name: path.stat().st_size for path in saved.folder.iterdir()}
    shutil.rmtree(root)
    report(
        folder / "state.json",
        recipe=candidate.name,
        gradient_bytes=gradient_bytes(trainer),
        state_bytes=sizes["shared.pt"],
        pool_bytes=sizes["process-0.pt"],
        **{f"{name}_seconds": round(statistics.median(each), 4) for name, each in seconds.items()},
    )


def gradient_bytes(trainer: Trainer) -> int:
    """Return the bytes of the gradients that processes average in a step."""
    networks = trainer.frame.bare.values()
    return sum(p.numel() * p.element_size() for net in networks for p in net.parameters())


def fill_pools(trainer: Trainer, size: int) -> None:
    """Fill the pools as a long training does, with copies of the image that they hold."""
    for pool in trainer.frame.pools.values():
        pool.images = (pool.images * size)[:size]


def read(root: Path, trainer: Trainer) -> None:
    """Find the newest state and restore it."""
    saved, _ = newest_state(root)
    assert saved is not None
    trainer.frame.restore(*saved.load(0))
