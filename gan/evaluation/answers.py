"""Format an evaluation as text: a table and answers in sentences for each direction.

Every metric answers a question; gan.config.tables.metrics has the questions. An answer is clear if
the interval of the difference from the source images excludes 0.
"""

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gan.config.choices import Change
from gan.config.tables.metrics import METRICS, direction_of, names_of, row_of
from gan.domains import DIRECTIONS, Ends, stem
from gan.evaluation.records import Evaluation, Metric
from gan.system.text import printable

WIDTH = 80
"""Largest length of a line of the table or of a sentence, in characters."""
Named = Mapping[str, Metric]
"""The metrics of one direction, by name without the direction: kid for kid_ab."""
ANSWERS: dict[Change | None, tuple[str, str]] = {
    "better": ("yes, clearly", "clearly yes"),
    "worse": ("no, clearly worse", "clearly no"),
    "no clear difference": ("no clear difference", "no clear difference"),
    None: ("not known without an interval", "not known"),
}
"""By change: the answer if a question's metrics agree, and each metric's answer if they do not."""
GRAY_LEVELS = 255
CHECKERBOARDS = (
    "nearer to the truth by pixels, further by features: colors and brightness follow the other "
    "domain, but a network that responds to textures finds some that belong to neither domain. "
    "Small or briefly trained generators produce checkerboards and noise that are hardly visible "
    "and increase such distances much. Look at the pictures; more channels, more training or "
    "networks.upsample resize help."
)


def summarize(evaluation: Evaluation) -> str:
    """Return a table and answers for each direction, then warnings and notes."""
    found = {
        direction: {
            stem(name): metric
            for name, metric in sorted(evaluation.metrics.items(), key=_place)
            if direction_of(name) == direction
        }
        for direction in DIRECTIONS
    }
    blocks = [
        _block(evaluation.protocol, metrics, DIRECTIONS[direction])
        for direction, metrics in found.items()
        if metrics
    ]
    contradictory = [d for d, metrics in found.items() if _pixels_better_features_worse(metrics)]
    if contradictory:
        where = " and ".join(DIRECTIONS[direction].label for direction in contradictory)
        blocks.append(_wrapped(f"{where}: {CHECKERBOARDS}"))
    return "\n\n".join(filter(None, [*blocks, "\n".join(_warnings(evaluation))]))


def _place(item: tuple[str, Metric]) -> int:
    """Return a metric's position in the table of metrics; unknown metrics come last."""
    order = [*METRICS]
    name = stem(item[0])
    return order.index(name) if name in order else len(order)


def _block(protocol: Mapping[str, Any], metrics: Named, ends: Ends) -> str:
    """Return a direction's text: heading, table, answers."""
    sentences = (_basis(protocol, ends), *_answers(metrics, ends))
    first, *others = map(_wrapped, sentences)
    return "\n".join([first, *_table(metrics, ends), *others])


def _wrapped(text: str) -> str:
    """Return a sentence broken into lines; those after the first are indented."""
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _basis(protocol: Mapping[str, Any], ends: Ends) -> str:
    """Return a direction's heading: its label, and the most important facts of the protocol."""
    facts = []
    for kind, domain in (("sources", ends.source), ("references", ends.target)):
        if folder := protocol.get(kind, {}).get(domain):
            facts.append(f"{folder['images']} images of {domain.upper()}")
    if size := protocol.get("resize", {}).get("size"):
        facts.append(f"{size} pixels a side")
    if extractor := protocol.get("extractor"):
        facts.append(f"features of {printable(extractor['name'])}")
    return f"{ends.label}: {', '.join(facts)}" if facts else ends.label


# The table


def _table(metrics: Named, ends: Ends) -> list[str]:
    """Return the lines of a table of the metrics that also have a value for the source images."""
    compared = {name: metric for name, metric in metrics.items() if metric.unchanged}
    if not compared:
        return []
    titles = ["", *(printable(row_of(name).title) for name in compared)]
    header = ("translations [95 % interval]", f"images of {ends.source.upper()}", "")
    cells = [header, *map(_cells, compared.values())]
    widths = [max(len(line[column]) for line in cells) for column in range(len(header))]
    room = WIDTH - sum(widths) - 2 * len(widths)
    first = min(room, max(map(len, titles)))
    lines = []
    for title, line in zip(titles, cells, strict=True):
        start, *more = textwrap.wrap(title, first) or [""]
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        lines += ["  ".join((start.ljust(first), *padded)).rstrip(), *more]
    return [*lines, ""]


def _cells(metric: Metric) -> tuple[str, str, str]:
    """Return the cells after a metric's title: value and interval, sources' value, change."""
    assert metric.unchanged
    change = metric.change or ANSWERS[None][1]
    return _with_interval(metric), rounded(metric.unchanged.value), change


def rounded(*values: float) -> str:
    """Return "value", or "value [low, high]" if an interval follows the value.

    All have the same number of decimals, so that the largest has three digits or more. If the
    largest is below 1e-4 or not below 1e7, all have exponents.
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest and not 1e-4 <= largest < 1e7:
        shown = [f"{value:.2e}" for value in values]
    else:
        decimals = max(0, 2 - math.floor(math.log10(largest))) if largest else 0
        shown = [f"{value:.{decimals}f}" for value in values]
    first, *ends = shown
    return f"{first} [{', '.join(ends)}]" if ends else first


def _with_interval(metric: Metric, span: float = 1) -> str:
    """Return a metric's value divided by `span` as text, with its interval if it has one."""
    ends = () if metric.low is None or metric.high is None else (metric.low, metric.high)
    return rounded(*(value / span for value in (metric.value, *ends)))


# The answers


def _answers(metrics: Named, ends: Ends) -> Iterator[str]:
    """Yield the answers as sentences, in the order of the metrics.

    Metrics that are compared with the source images share one sentence per question. Each other
    metric has its own.
    """
    groups: dict[str, list[str]] = {}
    for name, metric in metrics.items():
        groups.setdefault(_question(name, metric, ends), []).append(name)
    for question, names in groups.items():
        if compared := [name for name in names if metrics[name].unchanged]:
            yield f"{question}: {_comparison(compared, metrics)}."
        for name in names:
            if metrics[name].unchanged is None:
                yield f"{question}: {_reading(name, metrics[name])}."


def _question(name: str, metric: Metric, ends: Ends) -> str:
    """Return the question that a metric answers; if its row has none, one made of its title."""
    row = row_of(name)
    compared = f"{row.title} better than that of the images of {{source}}"
    asked = row.question or (compared if metric.unchanged else row.title)
    source, target = ends.source.upper(), ends.target.upper()
    return printable(asked.replace("{source}", source).replace("{target}", target))


def _comparison(names: Sequence[str], metrics: Named) -> str:
    """Return the answer that metrics give to a question, with the values of the leading metric.

    If the metrics do not agree, return the answer of each, without values.
    """
    by_change: dict[Change | None, list[str]] = {}
    for name in names:
        by_change.setdefault(metrics[name].change, []).append(row_of(name).title)
    if len(by_change) > 1:
        return "; ".join(
            f"{words} by {_listed(by_change[change])}"
            for change, (_, words) in ANSWERS.items()
            if change in by_change
        )
    leading = next((name for name in names if row_of(name).leads), names[0])
    metric, (words, _) = metrics[leading], ANSWERS[next(iter(by_change))]
    assert metric.unchanged
    values = f"{rounded(metric.value)} against {rounded(metric.unchanged.value)}"
    return f"{words} ({printable(row_of(leading).title)} {values})"


def _listed(titles: Sequence[str]) -> str:
    """Return titles joined by commas and "and"."""
    *others, last = map(printable, titles)
    return f"{', '.join(others)} and {last}" if others else last


def _reading(name: str, metric: Metric) -> str:
    """Return, as text, the value of a metric that is not compared, and how to read it."""
    row = row_of(name)
    reading = row.reading or f"{metric.better} is better"
    if row.span is None:
        title = f"{row.title} " if row.question else ""
        return printable(f"{title}{_with_interval(metric)} ({reading})")
    levels = metric.value / row.span * GRAY_LEVELS
    return f"{reading} {_with_interval(metric, row.span)} of 1 ({levels:.0f} gray levels)"


def _pixels_better_features_worse(metrics: Named) -> bool:
    """Return whether L1 improved while a distance between features became worse."""
    changes = {name: metric.change for name, metric in metrics.items()}
    by_features = [*names_of("extractor"), *names_of("lpips"), *names_of("lpips_vgg")]
    return changes.get("l1") == "better" and "worse" in map(changes.get, by_features)


def _warnings(evaluation: Evaluation) -> Iterator[str]:
    """Yield warnings and notes, one line each; equal warnings of several metrics are joined."""
    names: dict[str, list[str]] = {}
    for name, metric in evaluation.metrics.items():
        if metric.warning:
            names.setdefault(metric.warning, []).append(row_of(stem(name)).title)
    for warning, titles in names.items():
        yield printable(f"warning: {_listed([*dict.fromkeys(titles)])}: {warning}")
    for note in evaluation.notes:
        yield printable(f"note: {note}")
