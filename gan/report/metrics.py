"""The evaluations of a run: the newest in full, the best beside it, and how they came about."""

import math

from gan.config.tables.metrics import row_of
from gan.domains import DIRECTIONS, DOMAINS, stem
from gan.report.chart import chart
from gan.report.choice import chosen, comparable, flat, origin
from gan.report.curves import Curve, number
from gan.report.html import Html, element, together
from gan.report.records import Evaluation, Interval, Lines, Metric

LABELS: dict[str, str] = {direction: ends.arrow for direction, ends in DIRECTIONS.items()}
LABELS |= {domain: domain.upper() for domain in DOMAINS}
"""Of directions and domains."""
CHANGES = {"better": "better", "worse": "worse", "no clear difference": "unclear"}

NOTHING = "\N{EN DASH}"

LISTED = 10
"""Evaluations that are folded away, the newest ones."""


def metrics(lines: Lines[Evaluation], best: int | None) -> Html:
    """Verdict, table, curves and protocol of the run's own evaluations; others folded away."""
    shown = chosen(lines.records)
    if shown is None:
        text = "Not evaluated yet: gan evaluate writes metrics.jsonl."
        return together(remark(lines.remark), element("p", text, class_="empty"))
    alike = comparable(lines.records, shown)
    beside = next((e for e in alike if e.step == best and e is not shown), None)
    drawn = {id(e) for e in alike}
    others = [e for e in lines.records if id(e) not in drawn]
    return together(
        remark(lines.remark),
        verdict(shown),
        table(shown, beside),
        curves(alike, shown),
        protocol(shown),
        element("p", f"{len(others)} more evaluations, not drawn:", class_="note")
        if others
        else None,
        [folded(e) for e in others[: -LISTED - 1 : -1]],
    )


def folded(evaluation: Evaluation) -> Html:
    """An evaluation that is not drawn, with its own protocol."""
    summary = element("summary", f"{evaluation.time or ''} {origin(evaluation)}".strip())
    return element("details", summary, table(evaluation, None), protocol(evaluation, opened=False))


def remark(text: str | None) -> Html | None:
    """A sentence about something that could not be shown."""
    return element("p", text, class_="remark") if text else None


def verdict(evaluation: Evaluation) -> Html:
    """What the translations do better and what they do worse than the images as they were."""
    by_change: dict[str, list[str]] = {change: [] for change in CHANGES}
    for name, metric in evaluation.metrics.items():
        if metric.change:
            by_change[metric.change].append(title(name))
    sentences = {
        "worse": "than the images as they were:",
        "better": "than the images as they were:",
        "no clear difference": "from the images as they were:",
    }
    items = [
        element("li", chip(change), f" {sentence} {', '.join(by_change[change])}")
        for change, sentence in sentences.items()
        if by_change[change]
    ]
    return element("ul", items, class_="verdict") if items else together()


def table(newest: Evaluation, best: Evaluation | None) -> Html:
    """A row a metric; on narrow screens a block each."""
    heads = ["Metric", f"Step {newest.step:,}", "Images as they were", "Change"]
    heads += [f"Best, step {best.step:,}"] if best else []
    heads += ["Count"]
    rows = [row(name, metric, best, heads) for name, metric in newest.metrics.items()]
    head = element("thead", element("tr", [element("th", text, scope="col") for text in heads]))
    when = f" {newest.time}" if newest.time else ""
    said = f"Evaluated{when}: {origin(newest)}. Square brackets hold 95 % intervals."
    caption = element("caption", said)
    return element("table", caption, head, element("tbody", rows), class_="metrics")


def row(name: str, metric: Metric, best: Evaluation | None, heads: list[str]) -> Html:
    """A metric's name, values, verdict, and what must be said with it."""
    cells: list[Html | str] = [
        interval(metric),
        interval(metric.unchanged) if metric.unchanged else NOTHING,
        chip(metric.change) if metric.change else NOTHING,
    ]
    if best:
        cells.append(interval(best.metrics[name]) if name in best.metrics else NOTHING)
    cells.append(NOTHING if metric.count is None else f"{metric.count:,}")
    first = element(
        "th", title(name), element("small", f"{metric.better} is better"),
        element("small", metric.warning, class_="warning") if metric.warning else None, scope="row",
    )  # fmt: skip
    shown = zip(cells, heads[1:], strict=True)
    return element("tr", first, [element("td", cell, data_label=head) for cell, head in shown])


def interval(value: Interval) -> Html:
    """A value, and its bounds where there are any."""
    bounds = None
    if value.low is not None and value.high is not None:
        bounds = element("small", f" [{number(value.low)}, {number(value.high)}]")
    return element("span", number(value.value), bounds, class_="number")


def chip(change: str) -> Html:
    """A verdict, in words as well as in colour."""
    return element("span", change, class_=f"chip {CHANGES[change]}")


def curves(evaluations: list[Evaluation], shown: Evaluation) -> Html:
    """Charts over steps of the metrics that were taken more than once, both directions in one."""
    groups: dict[str, list[str]] = {}
    for name in shown.metrics:
        groups.setdefault(stem(name), []).append(name)
    charts = []
    for group, names in groups.items():
        lines = [line for name in names if len((line := curve(name, evaluations)).steps) > 1]
        if lines:
            better = shown.metrics[names[0]].better
            about = f"{better.capitalize()} is better. Shaded: 95 % intervals."
            charts.append(chart(row_of(group).title, about, lines, smooth=False))
    return element("div", charts, class_="charts") if charts else together()


def curve(name: str, evaluations: list[Evaluation]) -> Curve:
    """A metric over the steps at which it was taken."""
    taken = [(e.step, e.metrics[name]) for e in evaluations if name in e.metrics]
    bounds = [(m.low, m.high) for _, m in taken if m.low is not None and m.high is not None]
    bounded = len(bounds) == len(taken) and all(math.isfinite(low + high) for low, high in bounds)
    low, high = zip(*bounds, strict=True) if bounded else ((), ())
    return Curve(
        title(name), [step for step, _ in taken], [metric.value for _, metric in taken], low, high
    )


def protocol(evaluation: Evaluation, *, opened: bool = True) -> Html:
    """How the numbers came about."""
    pairs = [
        element("div", element("dt", k), element("dd", v)) for k, v in flat(evaluation.protocol)
    ]
    if not pairs:
        return element("p", "No protocol was recorded with these numbers.", class_="remark")
    summary = element("summary", "Protocol of these numbers")
    return element("details", summary, element("dl", pairs, class_="rows"), open=opened)


def title(name: str) -> str:
    """Return a metric's name, with its direction or domain, for people."""
    plain = stem(name)
    label = LABELS.get(name[len(plain) + 1 :], "")
    return f"{row_of(plain).title} {label}".rstrip(" ")
