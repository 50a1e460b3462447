"""Measure translations of degraded pictures: gan evaluate --robust.

Only the generators receive degraded pictures. Otherwise the evaluation is unchanged: translations
are compared with the truth and with the other domain, reconstructions with the clean pictures.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gan.config import DataConfig
from gan.config.tables.degradations import DEGRADATIONS, SHIFTS
from gan.config.tables.metrics import METRICS, direction_of, row_of
from gan.domains import DIRECTIONS, Direction, stem
from gan.evaluation.answers import WIDTH, rounded
from gan.evaluation.records import Evaluation, Metric
from gan.images.degradations import degrade
from gan.images.pixels import from_array, to_array, to_pixels, to_unit
from gan.metrics.batch import Around, Generator
from gan.metrics.intervals import interval_around
from gan.system.text import printable

MARKS = {"worse": "-", "better": "+", "": ""}
"""The mark after a value in the table, by its change from clean pictures."""


@dataclass(frozen=True)
class Condition:
    """A degradation of one strength under which a model is measured."""

    name: str
    """The key in metrics.jsonl, for instance noise_8."""
    title: str
    around: Around


def conditions(data: DataConfig) -> Iterator[Condition]:
    """Yield every degradation, mild and strong, then the shifts."""
    depth = torch.uint16 if data.range_a or data.range_b else torch.uint8
    for name, row in DEGRADATIONS.items():
        for strength in row.fixed:
            around = partial(degrading, name, strength, depth)
            yield Condition(f"{name}_{strength:g}", row.named(strength), around)
    for shift in SHIFTS:
        yield Condition(f"shift_{shift}", f"shift of {shift} pixels", partial(shifting, shift))


def degrading(name: str, strength: float, depth: torch.dtype, generator: Generator) -> Generator:
    """Return a generator that first degrades its input. Each image gets the same noise."""

    def run(unit: Tensor) -> Tensor:
        degraded = [
            from_array(degrade(to_array(image), name, strength, np.random.default_rng(0)))
            for image in to_pixels(unit, depth).cpu()
        ]
        return generator(to_unit(torch.stack(degraded)).to(unit.device))

    return run


def shifting(pixels: int, generator: Generator) -> Generator:
    """Return a generator whose input is moved right and down, and whose output is moved back.

    The input is mirrored at its left and top edges. At the right and the bottom, the output's last
    columns and rows are repeated. Nothing else changes if the generator is shift-equivariant.
    """

    def run(unit: Tensor) -> Tensor:
        moved = functional.pad(unit, (pixels, 0, pixels, 0), mode="reflect")
        output = generator(moved[:, :, :-pixels, :-pixels])
        back = output[:, :, pixels:, pixels:]
        return functional.pad(back, (0, pixels, 0, pixels), mode="replicate")

    return run


def record(found: Mapping[Condition, Evaluation]) -> dict[str, Any]:
    """Return the entry `robust` of a line of metrics.jsonl."""
    return {
        each.name: {"title": each.title, "metrics": evaluation.record()["metrics"]}
        for each, evaluation in found.items()
    }


def table(clean: Evaluation, found: Mapping[Condition, Evaluation]) -> str:
    """Return a table for each direction, with a line per condition and a column per metric."""
    order = [*METRICS]  # as in the table of a plain evaluation; a direction may lack some
    rows = {"clean": clean.metrics} | {each.title: of.metrics for each, of in found.items()}
    blocks: list[str] = []
    for direction in DIRECTIONS:
        names = [name for name in clean.metrics if direction_of(name) == direction]
        if names:
            names.sort(key=lambda name: order.index(stem(name)))
            blocks += _blocks(direction, names, rows)
    explained = "- clearly worse than clean pictures, + clearly better, no mark: no clear change"
    if any(row_of(stem(name)).span for name in clean.metrics):
        explained += "\ncycle and identity errors are shares of the full range (0 to 1)"
    return "\n\n".join([*blocks, explained])


def _blocks(
    direction: Direction, names: list[str], rows: Mapping[str, Mapping[str, Metric]]
) -> Iterator[str]:
    """Yield the tables of a direction; each is at most WIDTH characters wide."""
    first = [f"{DIRECTIONS[direction].label}, degraded", *rows]
    label = max(map(len, first))
    columns: list[list[str]] = []
    room = WIDTH - label
    for column in (_column(name, rows) for name in names):
        room -= 2 + len(column[0])
        if room < 0 and columns:
            yield _lines(first, columns)
            columns, room = [], WIDTH - label - 2 - len(column[0])
        columns.append(column)
    yield _lines(first, columns)


def _lines(first: list[str], columns: list[list[str]]) -> str:
    width = max(map(len, first))
    lines = zip((each.ljust(width) for each in first), *columns, strict=True)
    return "\n".join("  ".join(line).rstrip() for line in lines)


def _column(name: str, rows: Mapping[str, Mapping[str, Metric]]) -> list[str]:
    """Return the cells of a metric, first its title, padded to the same width.

    Cycle and identity errors are shares of the full range.
    """
    clean, row = rows["clean"][name], row_of(stem(name))
    span = row.span or 1
    cells = [printable(row.title)]
    for metrics in rows.values():
        metric = metrics.get(name)
        cell = "" if metric is None else rounded(metric.value / span) + MARKS[change(clean, metric)]
        cells.append(cell)
    width = max(map(len, cells))
    return [cell.ljust(width) for cell in cells]


def change(clean: Metric, degraded: Metric) -> str:
    """Return "worse" or "better" if the interval of the paired difference excludes 0, else ""."""
    pairs = clean.deviations, degraded.deviations
    if not clean.deviations or len(clean.deviations) != len(degraded.deviations):
        return ""
    before, after = (torch.tensor(each, dtype=torch.float64) for each in pairs)
    low, high = interval_around(degraded.value - clean.value, after - before)
    if low <= 0 <= high:
        return ""
    return "better" if (low > 0) == (clean.better == "higher") else "worse"
