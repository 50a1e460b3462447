"""Format an evaluation's numbers by name, with its protocol; or the main ones in one line."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gan.config.tables.metrics import METRICS
from gan.domains import stem
from gan.evaluation.records import Evaluation, Metric, Unchanged
from gan.system.text import printable


def details(evaluation: Evaluation) -> str:
    """Return text: a table of every metric by its name in metrics.jsonl, then the protocol."""
    protocol = "\n".join(f"  {printable(line)}" for line in _flat(evaluation.protocol))
    return f"{_table(evaluation.metrics)}\n\nprotocol\n{protocol}"


def brief(metrics: Mapping[str, Metric], first: str | None) -> str:
    """Return the main metrics in one line: `first`, and the leading metric of each direction."""
    measured = dict.fromkeys(stem(name) for name in metrics)
    leading = (name for name, row in METRICS.items() if row.leads and name in measured)
    chosen = next(leading, next(iter(measured)))
    names = dict.fromkeys([first or "", *(name for name in metrics if stem(name) == chosen)])
    shown = [(name, metrics[name]) for name in names if name in metrics]
    return ", ".join(f"{name} {number(of.value)} {spread(of)}".strip() for name, of in shown)


def _table(metrics: Mapping[str, Metric]) -> str:
    """Return a table with one line per metric."""
    header = ("", "value", "95 % interval", "doing nothing", "", "")
    lines = [header, *(_cells(name, metric) for name, metric in metrics.items())]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cells(name: str, metric: Metric) -> tuple[str, ...]:
    """Return the cells of a metric's line."""
    before = metric.unchanged
    nothing = f"{number(before.value)} {spread(before)}".strip() if before else ""
    return (
        name,
        number(metric.value),
        spread(metric),
        nothing,
        metric.change or "",
        f"{metric.better} is better, {metric.count} images",
    )


def spread(of: Metric | Unchanged) -> str:
    """Return the interval as text; "" if there is none."""
    return "" if of.low is None or of.high is None else f"[{number(of.low)}, {number(of.high)}]"


def number(value: float) -> str:
    """Return a number as text with four digits."""
    return f"{value:.4g}"


def _flat(protocol: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for every entry of the protocol."""
    for key, value in protocol.items():
        if isinstance(value, Mapping) and any(isinstance(v, Mapping) for v in value.values()):
            yield from (f"{key}.{name}: {inline(entry)}" for name, entry in value.items())
        else:
            yield f"{key}: {inline(value)}"


def inline(value: Any) -> str:
    """Return a value as one line of text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {inline(entry)}" for key, entry in value.items())
    return value if isinstance(value, str) else json.dumps(value)
