"""Print what training on many pictures and machines needs, as Markdown: docs/scaling.md."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.scaling.formulas import slowest
from benchmarks.scaling.rows import ROWS, fill, loads

SOURCES = {
    "copy_seconds": "state",
    "decoded_per_second": "loader",
    "first_listing_seconds": "index",
    "gradient_bytes": "state",
    "index_bytes": "index",
    "listing_seconds": "index",
    "pool_bytes": "state",
    "read_seconds": "state",
    "start_seconds": "ranks",
    "state_bytes": "state",
    "step_seconds": "ranks",
    "write_seconds": "state",
}
"""By measured quantity: the benchmark that prints it."""
NAMES = {
    "index_bytes_per_image": "index_bytes",
    "first_listing_seconds_per_image": "first_listing_seconds",
    "listing_seconds_per_image": "listing_seconds",
}
"""Quantities by their names in a benchmark's output, where these differ."""


@dataclass(frozen=True)
class Plan:
    """A training on many machines: what is chosen, and what is assumed."""

    images: float = 1e8
    image_bytes: float = 150e3
    nodes: int = 64
    gpus: int = 8
    batch: int = 1
    pairs_per_second: float = 20
    workers: int = 4
    cores: float = 16
    node_memory_gb: float = 1000
    network_gbit: float = 100
    node_failure_hours: float = 6000


def scaling(
    measured: list[Path],
    images: float = 1e8,
    image_bytes: float = 150e3,
    nodes: int = 64,
    gpus: int = 8,
    batch: int = 1,
    pairs_per_second: float = 20,
    workers: int = 4,
    cores: float = 16,
    node_memory_gb: float = 1000,
    network_gbit: float = 100,
    node_failure_hours: float = 6000,
    read: str = "ours",
) -> None:
    """Print the table of formulas of docs/scaling.md, filled from other benchmarks' output.

    Args:
        measured: Files with what ranks, state, index and loader printed, or their folders.
        images: Pictures of the larger folder; the other one has as many.
        image_bytes: Mean size of a file.
        nodes: Machines.
        gpus: GPUs of a machine; each has a process.
        batch: train.batch_size, pairs in a step of a process.
        pairs_per_second: Pairs that a process trains on alone, as `train` measures.
        workers: data.workers, loader processes of a process.
        cores: Processor cores for each GPU.
        node_memory_gb: Memory of a machine.
        network_gbit: Network of a machine, gigabits a second.
        node_failure_hours: Hours between two failures of one machine.
        read: How pictures are read: ours, ours_draft, cache_first or cache, as loader names it.
    """
    plan = Plan(
        images, image_bytes, nodes, gpus, batch, pairs_per_second, workers, cores, node_memory_gb,
        network_gbit, node_failure_hours,
    )  # fmt: skip
    found = gather(measured, read)
    if two := found.get("predicted_to_measured"):
        print(
            f"A run of two processes: {found['predicted_step_seconds']:.3f} s a step predicted, "
            f"{found['measured_step_seconds']:.3f} s measured, ratio {two:.2f}.\n"
        )
    known = fill(facts(plan, found))
    print("\n".join(table(known)))
    print("\nUsed of each limit; the first above 1 breaks first:\n")
    print("\n".join(f"* {title}: {share:.2g}" for title, share in loads(known)))


def gather(files: Sequence[Path], read: str) -> dict[str, Any]:
    """Return the measured quantities in the files by name; ValueError for those that are missing.

    Later files take precedence.
    """
    found: dict[str, Any] = {}
    inside = (
        sorted(path for path in each.glob("*.json") if path.stem in SOURCES.values())
        if each.is_dir()
        else [each]
        for each in files
    )
    for path in itertools.chain.from_iterable(inside):
        try:
            printed = json.loads(path.read_text(encoding="utf-8").strip().splitlines()[-1])
        except (OSError, ValueError, IndexError) as error:
            raise ValueError(f"measured: {path}: not the output of a benchmark: {error}") from error
        found |= {NAMES.get(name, name): value for name, value in printed.items()}
    if rates := found.get("images_per_second_per_core"):
        if read not in rates:
            raise ValueError(f"read: {read}: not measured, only {', '.join(rates)}")
        found["decoded_per_second"] = rates[read]
    for name, benchmark in SOURCES.items():
        if name not in found:
            raise ValueError(f"measured: {name} is missing: run python -m benchmarks {benchmark}")
    return found


def facts(plan: Plan, found: Mapping[str, Any]) -> dict[str, float]:
    """Return what the formulas use, in seconds and bytes."""
    given = asdict(plan)
    given["node_memory"] = given.pop("node_memory_gb") * 1e9
    given["network"] = given.pop("network_gbit") * 1e9 / 8
    given["node_failure"] = given.pop("node_failure_hours") * 3600
    steps = found["step_seconds"]
    given["slowest_share"] = slowest(steps, plan.nodes * plan.gpus) / mean(steps) - 1
    numbers = {name: float(found[name]) for name in SOURCES if name != "step_seconds"}
    return given | numbers


def table(known: Mapping[str, float]) -> Iterator[str]:
    """Yield the lines of the table in Markdown."""
    yield "| what | value | formula |"
    yield "| --- | --- | --- |"
    for row in ROWS:
        value = known[row.name] / row.scale
        shown = f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
        yield f"| {row.title} (`{row.name}`) | {shown} {row.unit} | `{row.formula}` |".replace(
            "  ", " "
        )
