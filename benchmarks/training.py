"""Compare training with each switch to a plain schedule of the same step."""

import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.bars import bars
from benchmarks.machine import describe
from benchmarks.peak import matrix_peak, operations, peak_bytes, wait_for
from benchmarks.plain import Case, Device, Plain, random_batch, settings
from gan.config import Config
from gan.training.accelerator import build_accelerator, compile_networks
from gan.training.recipes.cyclegan import Trainer

SECONDS = 2.0
"""Least seconds of a turn."""


@dataclass(frozen=True)
class Way:
    """A variant of training: a function that trains a step, and the pairs of a step."""

    step: Callable[[int], object]
    pairs: int
    precision: str = "fp32"


@dataclass
class Figures:
    """The measurements of a variant; rates are in pairs per second, one per turn."""

    rates: list[float]
    first_step_seconds: float
    precision: str
    step_gb: float = 0.0
    """Peak memory of a step besides weights and optimizers, in GB."""

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


def train(
    sides: list[int] = [128],  # noqa: B006, jsonargparse shows it
    batches: list[int] = [1],  # noqa: B006
    channels: int = 32,
    generator: str = "resnet_9blocks",
    rounds: int = 5,
    device: Device = "auto",
    ways: list[str] | None = None,
    output: Path | None = None,
) -> None:
    """Train on random images: a plain schedule, and this project's switches, in turn.

    The plain schedule is that of the paper's authors' code: float32, eager, one pair per step, a
    pass for every image, one backward pass for both directions. All variants take turns in one
    process after a warm-up; medians are compared. TFLOP/s count the operations of the plain
    schedule for all variants. The share is relative to the fastest matrix product in the same
    precision, measured on the same device.

    Args:
        sides: Sides of the crops, in pixels.
        batches: Pairs per step; the plain schedule always uses one.
        channels: Width of the generators and discriminators.
        generator: Architecture of the generators.
        rounds: Turns of each variant.
        device: Device for training.
        ways: Names of variants; not set, all that this device supports.
        output: Folder for training.json and training.svg.
    """
    if rounds < 1 or not sides or not batches:
        raise ValueError("rounds, sides, batches: at least one of each is required")
    results = []
    for side, batch in itertools.product(sides, batches):
        case = Case(side, batch, generator, channels, device)
        torch._dynamo.reset()
        # Otherwise torch would silently continue without compiling.
        with torch._dynamo.config.patch(fail_on_recompile_limit_hit=True):
            results.append(measure(case, rounds, ways))
        print(table(results[-1]), flush=True)
    report = {"command": " ".join(sys.argv[1:]), "machine": describe(), "results": results}
    if output:
        output.mkdir(parents=True, exist_ok=True)
        (output / "training.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
        rates = {
            f"{row['case']['side']} px, batch {row['case']['batch']}: {name}": figures["ratio"]
            for row in results
            for name, figures in row["ways"].items()
        }
        title = "Pairs per second, as multiples of the plain schedule's"
        (output / "training.svg").write_text(bars(title, rates), encoding="utf-8")
    print(json.dumps(report))


def measure(case: Case, rounds: int, names: list[str] | None) -> dict[str, Any]:
    """Measure all variants of a case in turn."""
    plain = Plain(case)
    flops = operations(partial(plain.step, 1))
    ways = {"plain": Way(plain.step, 1)} | dict(our_ways(case, names))
    device = plain.device
    figures = {name: first_steps(way, device) for name, way in ways.items()}
    for _ in range(rounds):
        for name, way in ways.items():
            figures[name].rates.append(turn(way, device))
    for name, way in ways.items():
        figures[name].step_gb = peak_bytes(partial(way.step, 3), device) / 1e9
    peaks = {figures[name].precision: 0.0 for name in figures}
    peaks = {precision: matrix_peak(device, precision) for precision in peaks}
    base = figures["plain"].rate
    return {
        "case": asdict(case),
        "tflop_per_pair": flops / 1e12,
        "matrix_peak_tflops": peaks,
        "ways": {
            name: asdict(row)
            | {
                "pairs_per_second": row.rate,
                "ratio": row.rate / base,
                "tflops": row.rate * flops / 1e12,
                "share_of_peak": row.rate * flops / 1e12 / peaks[row.precision],
            }
            for name, row in figures.items()
        },
    }


def first_steps(way: Way, device: torch.device) -> Figures:
    """Train two steps, which compile and choose algorithms; return the figures so far."""
    started = time.perf_counter()
    way.step(1)
    wait_for(device)
    seconds = time.perf_counter() - started
    way.step(2)
    return Figures([], seconds, way.precision)


def turn(way: Way, device: torch.device) -> float:
    """Return the pairs per second over at least SECONDS."""
    wait_for(device)
    started, steps = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS or steps < 3:
        way.step(3 + steps)
        steps += 1
        if device.type == "cuda" and steps % 8 == 0:
            wait_for(device)  # otherwise only queueing would be timed
    wait_for(device)
    return steps * way.pairs / (time.perf_counter() - started)


# Variants of this project


SWITCHES: dict[str, dict[str, Any]] = {
    "fp32": {},
    "fp32, one by one": {"batch_passes": False},
    "fp32, recompute": {"recompute": True},
    "fp32, compile": {"compile": True},
    "tf32": {"precision": "tf32"},
    "bf16": {"precision": "bf16"},
    "bf16, channels last": {"precision": "bf16", "channels_last": True},
    "bf16, compile": {"precision": "bf16", "compile": True},
    "bf16, channels last, compile": {
        "precision": "bf16", "channels_last": True, "compile": True,
    },
    "bf16, fused": {"precision": "bf16", "channels_last": True, "fused": True},
    "bf16, fused, compile": {
        "precision": "bf16", "channels_last": True, "fused": True, "compile": True,
    },
    "fp16": {"precision": "fp16"},
}  # fmt: skip
"""Variants by name, as keys of `train`."""


def our_ways(case: Case, names: list[str] | None) -> Iterator[tuple[str, Way]]:
    """Yield this project's variants by name: chosen ones, or all that the device supports."""
    unknown = set(names or []) - SWITCHES.keys()
    if unknown:
        raise ValueError(f"ways: no {'; '.join(unknown)}: use {'; '.join(SWITCHES)}")
    cuda = case.device == "cuda" or (case.device == "auto" and torch.cuda.is_available())
    for name, switches in SWITCHES.items():
        gpu_only = switches.get("precision") in ("tf32", "fp16")
        if name in names if names else cuda or not gpu_only:
            if way := our_way(settings(case, **switches)):
                yield name, way
            else:
                print(f"{name}: skipped, no compiler works here", file=sys.stderr)


def our_way(config: Config) -> Way | None:
    """Return the trainer's step, or None if it cannot be compiled as required."""
    trainer = Trainer(config, build_accelerator(config))
    networks, device = trainer.frame.updates.networks.values(), trainer.frame.accelerator.device
    if config.train.compile and compile_networks(networks, device):
        return None
    batch = random_batch(config.data.crop_size, config.train.batch_size)
    return Way(
        lambda step: trainer.train_step(step, [batch]),
        config.train.batch_size,
        config.train.precision,
    )


def table(result: dict[str, Any]) -> str:
    """Return a table with a line for each variant."""
    case = result["case"]
    head = (
        f"{case['generator']}, {case['channels']} channels, {case['side']} px, batch "
        f"{case['batch']}: {result['tflop_per_pair']:.3f} TFLOP a pair"
    )
    lines = [
        head,
        f"{'':30}{'pairs/s':>9}{'ratio':>7}{'TFLOP/s':>9}{'of peak':>9}{'GB':>7}{'1st s':>7}",
    ]
    for name, row in result["ways"].items():
        lines.append(
            f"{name:30}{row['pairs_per_second']:9.2f}{row['ratio']:7.2f}{row['tflops']:9.2f}"
            f"{row['share_of_peak']:9.1%}{row['step_gb']:7.2f}{row['first_step_seconds']:7.1f}"
        )
    return "\n".join(lines)
