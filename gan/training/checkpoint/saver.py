"""Save training states and exported generators: copy tensors now, write files in a thread."""

import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Self

import torch
from accelerate import Accelerator
from torch import Tensor

from gan.domains import DIRECTIONS, Direction
from gan.networks.assembly import generator_spec
from gan.networks.files import save_generator
from gan.system.processes import any_process, meet
from gan.training.checkpoint.states import publish, remove_old, write
from gan.training.recipes.base import Frame
from gan.training.schedule import RunLength


class Saver:
    """Writes training states and other files in one thread, in order.

    A state is renamed to its final name once all processes have written their parts. An error, such
    as a full disk, is raised as an OSError by a later save(), poll() or finish(); older states are
    kept.
    """

    def __init__(self, root: Path, accelerator: Accelerator, *, keep: int) -> None:
        self.root = root
        self.accelerator = accelerator
        self.keep = keep
        self.thread = ThreadPoolExecutor(1, "saver")
        self.jobs: list[Future[None]] = []
        # Renames the newest state, once all processes have written their parts.
        self.pending_publish: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        try:
            # After an error the other processes may have exited: do not wait for them.
            if error is None or self.accelerator.num_processes == 1:
                self.finish()
        finally:
            self.thread.shutdown()

    def add(self, function: Callable[..., None], *arguments: Any) -> None:
        """Queue a function that writes a file, after everything queued before it."""
        self.jobs.append(self.thread.submit(function, *arguments))

    def save(self, shared: dict[str, Any], own: dict[str, Any], manifest: dict[str, Any]) -> None:
        """Copy the state of manifest["step"] and start writing it. All processes call this."""
        self.finish()
        folder = self.root / f"step-{manifest['step']:08d}"
        part = self.root / f".{folder.name}.tmp"
        if self.accelerator.is_main_process:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
        meet()
        own_file = part / f"process-{self.accelerator.process_index}.pt"
        self.add(_or_remove, part, partial(write, partial(torch.save, on_cpu(own)), own_file))
        if self.accelerator.is_main_process:
            save = partial(torch.save, on_cpu(shared))
            self.add(_or_remove, part, partial(write, save, part / "shared.pt"))
        self.pending_publish = partial(self.publish, part, folder, manifest)

    def publish(self, part: Path, folder: Path, manifest: dict[str, Any]) -> None:
        """Queue two jobs: rename a state that all processes have written; remove old states."""
        self.pending_publish = None
        self.check()
        if self.accelerator.is_main_process:
            self.add(_or_remove, part, partial(publish, part, folder, manifest))
            self.add(remove_old, self.root, manifest["step"], self.keep)

    def poll(self) -> None:
        """Publish a state that is written. All processes call this after each step."""
        if self.pending_publish and not any_process(not all(job.done() for job in self.jobs)):
            self.pending_publish()

    def finish(self) -> None:
        """Wait until everything is on disk. All processes call this."""
        pending, self.pending_publish = self.pending_publish, None
        self.check()
        if pending:
            meet()
            pending()
            self.check()

    def check(self) -> None:
        """Wait for the jobs that this process queued; raise the first of their errors."""
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            job.result()


class GeneratorExport:
    """Copies the generators for inference; the saver writes them, on the main process."""

    def __init__(self, frame: Frame, length: RunLength, saver: Saver) -> None:
        self.frame = frame
        self.length = length
        self.saver = saver

    def keep(self, step: int, suffix: str = "") -> None:
        """Export the generators of the present step as gen_ab{suffix}.safetensors.

        Each file is written atomically.
        """
        if not self.saver.accelerator.is_main_process:
            return
        config, data = self.frame.config, self.frame.config.data
        about = {
            "step": step,
            "epoch": self.length.epochs_done(step),
            "averaged": bool(config.train.ema),
            "resize": data.resize,
            "load_size": data.load_size,
            "crop_size": data.crop_size,
        } | ({"trained_by": list(config.frozen_networks)} if config.frozen_networks else {})
        for direction, path in self.paths(suffix).items():
            ends = DIRECTIONS[direction]
            spec = generator_spec(
                config.networks,
                data.channels(ends.source),
                data.channels(ends.target),
                len(self.frame.styles),
            )
            weights = on_cpu(self.frame.generators[direction].state_dict())
            ranges = {"range_in": data.values(ends.source), "range_out": data.values(ends.target)}
            own = {"direction": direction} | {k: list(v) for k, v in ranges.items() if v}
            names = {"styles": list(self.frame.styles)} if self.frame.styles else {}
            self.saver.add(save_generator, weights, path, spec, about | own | names)

    def paths(self, suffix: str = "") -> dict[Direction, Path]:
        """Return the paths of the exported files by direction: gen_ab{suffix}.safetensors, ..."""
        folder = self.frame.config.run.dir
        return {name: folder / f"gen_{name}{suffix}.safetensors" for name in self.frame.generators}

    def keep_epoch(self, step: int) -> None:
        """Export the generators permanently if a train.keep_every-th epoch ends at this step."""
        every = self.frame.config.train.keep_every
        if every and self.length.ends_epoch(step, every):
            self.keep(step, f"-epoch{self.length.epochs_done(step):03d}")


def _or_remove(part: Path, function: Callable[[], None]) -> None:
    """Call a function that writes part of a state; if it fails, remove the state, raise OSError."""
    try:
        function()
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        shutil.rmtree(part, ignore_errors=True)
        state = part.with_name(part.stem.removeprefix("."))
        reason = str(error).splitlines()[0]
        if isinstance(error, RuntimeError):
            reason = f"is the disk full? ({reason})"
        raise OSError(f"{state}: the training state cannot be written: {reason}") from error


def on_cpu(value: Any) -> Any:
    """Copy nested dicts and lists; tensors in them are detached and copied to the CPU."""
    match value:
        case Tensor():
            return value.detach().to("cpu", copy=True)
        case dict():
            return {key: on_cpu(item) for key, item in value.items()}
        case list() | tuple():
            return type(value)(on_cpu(item) for item in value)
    return value
