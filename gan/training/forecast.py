"""Measure the first steps of a run to predict its time, memory and disk space: --plan."""

import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import torch

from gan.config import Config
from gan.system.atomic import check_writable
from gan.system.memory import free_memory, peak_memory
from gan.system.processes import any_process, meet
from gan.system.signals import STOPPED, Interruption
from gan.training.accelerator import build_accelerator, processes_of
from gan.training.checkpoint.states import check_same, newest_state
from gan.training.observers.base import Observer
from gan.training.run import Run
from gan.training.schedule import RunLength
from gan.training.trackers import Tracker

WARM_UP = 3
"""Steps that are not timed: they compile, choose kernels and create the optimizers' state."""
STEPS, SECONDS = 10, 20.0
"""Minimum number of steps and of seconds that are timed."""


@dataclass(frozen=True)
class Forecast:
    """The predicted cost of a run."""

    done: int
    length: RunLength
    seconds_per_step: float
    """Time of loading, update and logs; samples, evaluations and the doctor are not included."""
    measured: int
    """Number of timed steps."""
    peak: int
    """Peak bytes of the main process with full pools: allocated on a GPU, else resident."""
    free: int
    """Free bytes of the device's memory before the run began."""
    state: int
    """Bytes of a training state with full pools."""
    generators: int
    """Bytes of the exported generators."""
    first_step: float
    """Seconds of the first step, which includes compiling."""


def plan(config: Config) -> int:
    """Print the predicted cost of a run, after some steps in a temporary folder.

    Return the exit status: 0, or 75 if a signal stopped the steps. Nothing is written to run.dir.
    All processes run it, as in training.
    ValueError if the device's memory does not suffice, and for everything that training would
    reject; OSError if run.dir cannot be written.
    """
    processes = processes_of(build_accelerator(config))
    processes.once(lambda: check_writable(config.run.dir / "config.yaml", replaced=False))
    folder = Path(processes.once(lambda: tempfile.mkdtemp(prefix="gan-plan-")))
    try:
        with Interruption() as interruption:
            forecast, name = measure(config, folder / "run", interruption)
            eager = None
            if config.train.compile and not interruption.received:
                plain = {"train": config.train.model_copy(update={"compile": False})}
                eager, _ = measure(
                    config.model_copy(update=plain), folder / "eager", interruption, resumed=False
                )
        meet()
    finally:
        if processes.main:
            shutil.rmtree(folder, ignore_errors=True)
    if interruption.received:
        return STOPPED
    if processes.main:
        print(_describe(forecast, name, config))
        if eager:
            print(_compare(forecast, eager))
    return 0


def measure(
    config: Config, folder: Path, interruption: Interruption, resumed: bool = True
) -> tuple[Forecast, str]:
    """Train for a few steps in `folder`; return the forecast and a description of the device.

    resumed: count the steps of run.dir's training state, if there is one, as done.
    ValueError if the device's memory does not suffice or the run does not fit its saved state.
    """
    free = free_memory(build_accelerator(config).device)
    # The same run in another folder, and long enough to be timed.
    sections = {
        "run": config.run.model_copy(update={"dir": folder, "trackers": []}),
        "train": config.train.model_copy(update={"max_steps": None}),
    }
    run = Run(config.model_copy(update=sections), interruption)
    device, count = run.accelerator.device, run.accelerator.num_processes
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    saved = newest_state(config.run.dir / "state")[0] if resumed else None
    if saved:
        check_same(saved, run.manifest(saved.step), allow=config.run.allow_changes)
    clock = Clock(run)
    run.observers = {"clock": clock}
    run.print_line = lambda text: None  # type: ignore[method-assign]  # would name `folder`
    try:
        run.loop(None)
    except torch.OutOfMemoryError as error:
        raise ValueError(
            f"this run does not fit into the memory of {name}: try "
            "train.recompute, or a smaller data.crop_size, train.batch_size or "
            "networks.generator_channels"
        ) from error
    length = RunLength(config.train, run.length.pairs, count)
    # Bytes that full pools will need in addition to those used so far.
    pooled = sum(
        (pool.size - len(pool.images)) * pool.images[0].nbytes
        for pool in run.frame.pools.values()
        if pool.images
    )
    threads = f", {torch.get_num_threads()} threads" if device.type == "cpu" else ""
    processes = f", {count} processes" if count > 1 else ""
    return Forecast(
        done=min(saved.step, length.stop) if saved else 0,
        length=length,
        seconds_per_step=clock.seconds_per_step,
        measured=clock.measured,
        peak=peak_memory(device) + pooled,
        free=free,
        state=size((folder / "state").rglob("*")) + pooled,
        generators=size(folder.glob("gen_*")),
        first_step=clock.first_step,
    ), name + threads + processes


class Clock(Observer):
    """Times the steps after the warm-up, and ends the run when there are enough."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.measured = self.first = 0
        self.started = self.seconds_per_step = self.first_step = 0.0
        self.created = self.now()
        self.enough = False

    def observe(self, step: int, tracker: Tracker | None) -> None:
        """Start the timer after the warm-up; stop after enough seconds and steps."""
        if step == 1:
            self.first_step = self.now() - self.created
        if step == min(WARM_UP, self.run.length.stop - 1):
            self.started = self.now()
            self.first = step
        elif self.started:
            self.enough = any_process(
                time.perf_counter() - self.started >= SECONDS and step - self.first >= STEPS
            )
        if self.enough or step == self.run.length.stop:
            self.measured = max(1, step - self.first)
            self.seconds_per_step = (self.now() - self.started) / self.measured

    def now(self) -> float:
        """Return the time in seconds, after waiting until the GPU has done all steps so far."""
        if self.run.accelerator.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def ended(self) -> str | None:
        """Return a reason once enough steps are timed; the same on all processes."""
        return "measured" if self.enough else None


def size(paths: Iterable[Path]) -> int:
    """Return the total bytes of the files among the paths."""
    return sum(path.stat().st_size for path in paths if path.is_file())


def _describe(forecast: Forecast, name: str, config: Config) -> str:
    """Return the forecast as text of several lines."""
    stop, pairs = forecast.length.stop, forecast.length.pairs_per_step
    left = stop - forecast.done
    resumed = f", {forecast.done} of them done" if forecast.done else ""
    states = config.train.keep_states
    there = next(folder for folder in config.run.dir.absolute().parents if folder.exists())
    return (
        f"{config.run.dir} on {name}\n"
        f"steps   {stop} of {pairs} pairs{resumed}\n"
        f"time    {timedelta(seconds=round(forecast.seconds_per_step * left))} for {left} steps of "
        f"{forecast.seconds_per_step:.3g} s ({pairs / forecast.seconds_per_step:.3g} pairs a "
        f"second over {forecast.measured} steps), without samples and evaluations\n"
        f"memory  {amount(forecast.peak)} at its peak, of {amount(forecast.free)} free\n"
        f"disk    {amount(forecast.state * states + forecast.generators)}, of "
        f"{amount(shutil.disk_usage(there).free)} free: {states} training states of "
        f"{amount(forecast.state)}, generators of {amount(forecast.generators)}"
    )


def _compare(compiled: Forecast, eager: Forecast) -> str:
    """Return a line of text: whether train.compile pays off in the remaining steps."""
    seconds = compiled.seconds_per_step, eager.seconds_per_step
    saved, cost = seconds[1] - seconds[0], max(0.0, compiled.first_step - eager.first_step)
    left = compiled.length.stop - compiled.done
    text = f"{seconds[0]:.3g} s a step with train.compile, {seconds[1]:.3g} s without: "
    if saved <= 0:
        return text + "no gain, set it to false"
    after = round(cost / saved)
    if after >= left:
        return (
            text + f"set it to false, compiling pays off only after {after} steps and {left} remain"
        )
    return text + f"compiling pays off after {after} of {left} steps"


def amount(count: int) -> str:
    """Return a number of bytes as text, in GB or MB."""
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
