"""An evaluation for people: a table, what got better and worse in plain words, the protocol."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from gan.config.tables.metrics import names_of
from gan.domains import DIRECTIONS, Direction, stem
from gan.evaluation.records import Evaluation, Metric, Unchanged
from gan.system.text import printable

WIDTH = 100
"""Characters of a line of text."""
CHECKERBOARDS = (
    "nearer to the truth by pixels, further by features: colours and brightness follow the other "
    "domain, but a network that looks for textures sees some that belong to neither. Small or "
    "briefly trained generators leave checkerboards and noise that are hardly seen and cost such "
    "distances much. Look at the pictures; more channels, more training or networks.upsample "
    "resize are what helps."
)


def report(evaluation: Evaluation) -> str:
    """The whole text."""
    blocks = [
        _table(evaluation.metrics),
        "\n".join(changes(evaluation.metrics)),
        "\n".join(_warnings(evaluation)),
        "protocol\n" + "\n".join(f"  {printable(line)}" for line in _flat(evaluation.protocol)),
    ]
    return "\n\n".join(block for block in blocks if block)


def brief(metrics: Mapping[str, Metric], first: str | None) -> str:
    """A few numbers in one line: the one that decides, and how near translations come."""
    measured = {stem(name) for name in metrics}
    chosen = next((name for name in ("kid", "l1", "cycle") if name in measured), "identity")
    names = dict.fromkeys([first or "", *(name for name in metrics if stem(name) == chosen)])
    shown = [(name, metrics[name]) for name in names if name in metrics]
    return ", ".join(f"{name} {number(of.value)} {spread(of)}".strip() for name, of in shown)


def _table(metrics: Mapping[str, Metric]) -> str:
    """One line a metric, in columns."""
    header = ("", "value", "95 % interval", "doing nothing", "", "")
    lines = [header, *(_cells(name, metric) for name, metric in metrics.items())]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cells(name: str, metric: Metric) -> tuple[str, ...]:
    """The columns of one line."""
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
    """An interval, or nothing."""
    return "" if of.low is None or of.high is None else f"[{number(of.low)}, {number(of.high)}]"


def number(value: float) -> str:
    """Four digits."""
    return f"{value:.4g}"


def changes(metrics: Mapping[str, Metric]) -> Iterator[str]:
    """What got better and what got worse than doing nothing, by name, and what that may mean."""
    for change in ("better", "worse", "no clear difference"):
        names = [name for name, metric in metrics.items() if metric.change == change]
        if names:
            than = "from" if change == "no clear difference" else "than"
            yield f"{change} {than} doing nothing: {', '.join(names)}"
    contradictory = [
        ends.label
        for direction, ends in DIRECTIONS.items()
        if _pixels_better_features_worse(metrics, direction)
    ]
    if contradictory:
        yield textwrap.fill(f"{' and '.join(contradictory)}: {CHECKERBOARDS}", WIDTH)


def _pixels_better_features_worse(metrics: Mapping[str, Metric], direction: Direction) -> bool:
    """Return whether L1 got better and a distance of features got worse."""
    changes = {name: metric.change for name, metric in metrics.items()}
    by_features = [*names_of("extractor"), *names_of("lpips"), *names_of("lpips_vgg")]
    worse = any(changes.get(f"{name}_{direction}") == "worse" for name in by_features)
    return worse and changes.get(f"l1_{direction}") == "better"


def _warnings(evaluation: Evaluation) -> Iterator[str]:
    """What a reader has to know, one line each; equal warnings of several metrics are one."""
    names: dict[str, list[str]] = {}
    for name, metric in evaluation.metrics.items():
        if metric.warning:
            names.setdefault(metric.warning, []).append(name)
    for warning, about in names.items():
        yield f"warning: {', '.join(about)}: {warning}"
    for note in evaluation.notes:
        yield printable(f"note: {note}")


def _flat(protocol: Mapping[str, Any]) -> Iterator[str]:
    """A line for every entry."""
    for key, value in protocol.items():
        if isinstance(value, Mapping) and any(isinstance(v, Mapping) for v in value.values()):
            yield from (f"{key}.{name}: {inline(entry)}" for name, entry in value.items())
        else:
            yield f"{key}: {inline(value)}"


def inline(value: Any) -> str:
    """A value in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {inline(entry)}" for key, entry in value.items())
    return value if isinstance(value, str) else json.dumps(value)
