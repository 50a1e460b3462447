"""Measure what a prediction for several processes needs, and a run of two processes beside it."""

import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import report
from benchmarks.pictures import prepare
from benchmarks.scaling.formulas import predicted_step
from benchmarks.step_times import NAME, times_file
from gan.training.checkpoint.states import newest_state

ROOT = Path(__file__).parents[1]
PROCESSES = 2
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(PROCESSES)]
SMALL = {
    "data.load_size": 72,
    "data.crop_size": 64,
    "data.workers": 0,
    "networks.generator_channels": 16,
    "networks.discriminator_channels": 16,
    "run.device": "cpu",
    "run.threads": 1,
    "train.checkpoint_every": 10**6,
}
WARM_UP = 5
"""Steps of a run that do not count."""


@dataclass(frozen=True)
class Times:
    """When a run's process was created, and when its steps ended, in seconds since 1970."""

    created: float
    ends: list[float]

    @property
    def steps(self) -> list[float]:
        """The seconds of each step after the first ones; the last one also makes samples."""
        return [b - a for a, b in itertools.pairwise(self.ends[WARM_UP:-1])]

    @property
    def first(self) -> float:
        """Seconds from the start of the process to the end of its first step."""
        return self.ends[0] - self.created


def ranks(folder: Path, rounds: int = 5, steps: int = 40, keys: list[str] | None = None) -> None:
    """Train two separate runs at once, then one run of two processes, in turn; compare.

    The separate runs show what a step costs on this machine while another process computes beside
    it; an exchange without a training shows what averaging gradients costs. From both follows a
    prediction for the run of two processes. The last run is started once more, to see how long
    resuming takes.

    Args:
        folder: Folder for photographs and runs; it is created, and the runs in it are replaced.
        rounds: Turns of each; medians are compared.
        steps: Steps of each run; the first five do not count.
        keys: More keys of the configuration, NAME=VALUE.
    """
    if rounds < 1 or steps < WARM_UP + 3:
        raise ValueError(f"rounds, steps: at least 1 and {WARM_UP + 3}")
    photos, _ = prepare(folder, 2, 40, 96, "jpg")
    settings = {**SMALL, "data.a": photos, "data.b": photos, "train.max_steps": steps}
    settings |= dict(key.split("=", 1) for key in keys or [])
    alone: list[list[float]] = []
    starts: list[float] = []
    exchanges, together = [], []
    for _ in range(rounds):
        runs = [folder / f"alone-{number}" for number in range(PROCESSES)]
        pair = train_all([(run, []) for run in runs], settings)
        alone += [times.steps for times in pair]
        starts += [times.first for times in pair]
        exchanges.append(exchange(gradient_bytes(runs[0])))
        (times,) = train_all([(folder / "together", TORCHRUN)], settings)
        together.append(times.steps)
    more = settings | {"train.max_steps": steps + WARM_UP}
    resumed = train_all([(folder / "together", TORCHRUN)], more, fresh=False)
    predicted = [
        predicted_step(alone[PROCESSES * number : PROCESSES * (number + 1)], exchanges[number])
        for number in range(rounds)
    ]
    measured = [statistics.mean(steps) for steps in together]
    report(
        folder / "ranks.json",
        processes=PROCESSES,
        gradient_bytes=sum(gradient_bytes(folder / "alone-0")),
        step_seconds=[round(each, 5) for steps in alone for each in steps],
        exchange_seconds=statistics.median(exchanges),
        start_seconds=round(statistics.median(starts), 2),
        resume_seconds=round(resumed[0].first, 2),
        predicted_step_seconds=statistics.median(predicted),
        measured_step_seconds=statistics.median(measured),
        rounds={
            "predicted": [round(value, 4) for value in predicted],
            "measured": [round(value, 4) for value in measured],
        },
        predicted_to_measured=round(
            statistics.median(predicted) / statistics.median(measured), 3
        ),
    )  # fmt: skip


def train_all(
    runs: list[tuple[Path, list[str]]], settings: dict[str, object], *, fresh: bool = True
) -> list[Times]:
    """Train runs at once, each with its launcher; return the times of each one's process 0."""
    started = []
    for run, launcher in runs:
        if fresh:
            shutil.rmtree(run, ignore_errors=True)
        words = [str(word) for key, value in settings.items() for word in (f"--{key}", value)]
        words += ["--run.dir", str(run), "--train.observers", f"[{NAME}]"]
        words += ["--extend", "benchmarks.step_times"]
        command = [sys.executable, *launcher, str(ROOT / "train.py"), *words]
        # In a separate session, as torchrun starts its processes: Linux divides the processor
        # among sessions first, which makes a difference where other work runs.
        started.append(subprocess.Popen(
            command, cwd=ROOT, env=_environment(), stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        ))  # fmt: skip
    for process, (run, _) in zip(started, runs, strict=True):
        _, errors = process.communicate()
        if process.returncode:
            raise ValueError(f"{run}: the run failed: {errors.strip()[-2000:]}")
    return [read_times(run) for run, _ in runs]


def read_times(run: Path) -> Times:
    """Return the times that process 0 of a run wrote."""
    created, *ends = map(float, times_file(run, 0).read_text().split())
    return Times(created, ends)


def exchange(networks: list[int]) -> float:
    """Return the seconds in which the processes average the gradients of a step."""
    command = [sys.executable, *TORCHRUN, "-m", "benchmarks.exchange", *map(str, networks)]
    done = subprocess.run(
        command, cwd=ROOT, env=_environment(), capture_output=True, text=True, check=True
    )
    return float(json.loads(done.stdout)["exchange_seconds"])


def gradient_bytes(run: Path) -> list[int]:
    """Return the bytes of the gradients of each network in a run's newest state."""
    saved, _ = newest_state(run / "state")
    assert saved is not None
    shared, _ = saved.load(0)
    networks = shared["networks"].values()
    return [
        sum(tensor.numel() * tensor.element_size() for tensor in network.values())
        for network in networks
    ]


def _environment() -> dict[str, str]:
    own = {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true", "PYTHONPATH": str(ROOT)}
    return os.environ | own
