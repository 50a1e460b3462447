"""The table: a row for each quantity, with the formula that is both printed and computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.scaling.formulas import best_interval, lost_share, ring_seconds

FUNCTIONS: dict[str, Any] = {
    "best_interval": best_interval,
    "lost_share": lost_share,
    "max": max,
    "ring_seconds": ring_seconds,
}


@dataclass(frozen=True)
class Row:
    """A quantity that follows from others."""

    name: str
    formula: str
    unit: str
    scale: float
    """What one unit is, in seconds, bytes or ones."""
    title: str


HOUR, GB, TB = 3600, 1e9, 1e12

ROWS = [
    Row("processes", "nodes * gpus", "", 1, "processes"),
    Row("computing", "batch / pairs_per_second", "s", 1, "a step computes"),
    Row("waiting", "computing * slowest_share", "s", 1, "and waits for the slowest process"),
    Row(
        "averaging", "ring_seconds(gradient_bytes, processes, network)", "s", 1,
        "and averages gradients",
    ),
    Row("step", "computing + waiting + averaging", "s", 1, "a step takes"),
    Row("rate", "processes * batch / step", "/s", 1, "pairs of all processes"),
    Row("epoch", "images / rate", "h", HOUR, "an epoch takes"),
    Row("volume", "2 * images * image_bytes", "TB", TB, "both folders on disk"),
    Row("reading", "2 * rate / nodes * image_bytes", "GB/s", GB, "a node reads"),
    Row("storage", "reading * nodes", "GB/s", GB, "all nodes read"),
    Row("decoding", "2 * batch / step / decoded_per_second", "", 1, "cores that decode for a GPU"),
    Row("listed", "2 * images * index_bytes", "GB", GB, "a list of both folders in memory"),
    Row("order", "8 * images", "GB", GB, "the order of an epoch in memory"),
    Row(
        "memory", "gpus * (1 + workers) * (listed + order)", "GB", GB,
        "both, in all processes and loader workers of a node",
    ),
    Row("first_listing", "2 * images * first_listing_seconds", "h", HOUR, "the first start lists"),
    Row("listing", "2 * images * listing_seconds", "h", HOUR, "every other start lists"),
    Row("saved", "state_bytes + processes * pool_bytes", "GB", GB, "a training state"),
    Row("failure", "node_failure / nodes", "h", HOUR, "time between two failures"),
    Row("resume", "start_seconds + read_seconds + listing", "h", HOUR, "a resumed run starts in"),
    Row(
        "interval", "max(write_seconds, best_interval(copy_seconds, failure))", "h", HOUR,
        "best time between two states",
    ),
    Row("traffic", "saved / interval", "GB/s", GB, "states are written at"),
    Row(
        "lost", "lost_share(copy_seconds, interval, resume, failure)", "%", 0.01,
        "time lost to saving, steps done again and resuming",
    ),
    Row("failures", "epoch / failure", "", 1, "failures in an epoch"),
]  # fmt: skip

LIMITS = {
    "memory": ("node_memory", "memory of a node"),
    "decoding": ("cores", "cores for each GPU"),
    "reading": ("network", "network of a node"),
    "first_listing": ("epoch", "listing before the first step, against an epoch"),
    "resume": ("failure", "resuming, against the time between failures"),
    "averaging": ("computing", "averaging gradients, against computing"),
}
"""By row: what it may not exceed, and what to call this."""


def fill(facts: Mapping[str, float]) -> dict[str, float]:
    """Return the facts and the value of every row, in base units."""
    known = dict(facts)
    for row in ROWS:
        # Only formulas of this file are evaluated, so that none is printed that is not computed.
        known[row.name] = float(eval(row.formula, {"__builtins__": {}}, FUNCTIONS | known))
    return known


def loads(known: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return each limit with the share of it that is used, the largest first."""
    shares = [(title, known[name] / known[most]) for name, (most, title) in LIMITS.items()]
    return sorted(shares, key=lambda pair: -pair[1])
