"""The evaluations of a run as HTML: the chosen one, the best one, curves, the protocol."""

import math
import re
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from gan.config.choices import Change
from gan.config.tables.metrics import row_of
from gan.domains import stem
from gan.report.chart import Curve, chart
from gan.report.html import render, title
from gan.training.records import Evaluation, Lines, chosen

CHANGES: tuple[Change, ...] = ("worse", "better", "no clear difference")
"""Changes from the source images, in the order in which they are shown."""

IGNORED = re.compile(
    # The model and the step, how intervals were drawn, and what changes only rounding. Folders may
    # have moved: hashes identify their images.
    r"(models?|time|step|epoch|processes|bootstrap|batch_size)\b|(sources|references)\.\w+\.folder$"
)
"""Keys of the protocol in which comparable evaluations may differ."""


def metrics(lines: Lines[Evaluation], best: int | None) -> Markup:
    """Return the HTML of a run's evaluations: the chosen one's verdict and table, then curves.

    `best` is the step of the best generators. Evaluations with another protocol are collapsed.
    """
    shown = chosen(lines.records)
    if shown is None:
        return render("metrics.html", remark=lines.remark, shown=None)
    alike = comparable(lines.records, shown)
    return render(
        "metrics.html",
        remark=lines.remark,
        shown=shown,
        best=next((e for e in alike if e.step == best and e is not shown), None),
        changes={
            change: [title(name) for name in shown.changed(change)]
            for change in CHANGES
            if shown.changed(change)
        },
        charts=_curves(alike, shown),
        others=[e for e in reversed(lines.records) if not any(e is other for other in alike)],
    )


def _curves(evaluations: list[Evaluation], shown: Evaluation) -> list[Markup]:
    """Return a chart of each metric measured at several steps; both directions share a chart."""
    groups: dict[str, list[str]] = {}
    for name in shown.metrics:
        groups.setdefault(stem(name), []).append(name)
    charts = []
    for group, names in groups.items():
        lines = [line for name in names if len((line := _curve(name, evaluations)).steps) > 1]
        if lines:
            better = shown.metrics[names[0]].better.capitalize()
            about = f"{better} is better. Shaded: 95 % intervals."
            charts.append(chart(row_of(group).title, about, lines, smooth=False))
    return charts


def _curve(name: str, evaluations: list[Evaluation]) -> Curve:
    """Return a metric over the steps at which it was measured."""
    taken = [(e.step, e.metrics[name]) for e in evaluations if name in e.metrics]
    bounds = [(m.low, m.high) for _, m in taken if m.low is not None and m.high is not None]
    bounded = len(bounds) == len(taken) and all(math.isfinite(low + high) for low, high in bounds)
    low, high = zip(*bounds, strict=True) if bounded else ((), ())
    return Curve(
        title(name), [step for step, _ in taken], [metric.value for _, metric in taken], low, high
    )


def comparable(evaluations: Sequence[Evaluation], shown: Evaluation) -> list[Evaluation]:
    """Return the evaluations with the same protocol as `shown`, one per step, ordered by step.

    If a step has several, the last one of training is taken, since it has all metrics, else the
    last one. `shown` is taken in any case.
    """
    alike = sorted((e for e in evaluations if same(e, shown)), key=lambda e: not e.models)
    by_step = {e.step: e for e in alike} | {shown.step: shown}
    return [by_step[step] for step in sorted(by_step)]


def same(one: Evaluation, other: Evaluation) -> bool:
    """Return whether the protocols of two evaluations allow comparing their numbers."""
    return deciding(one.settings) == deciding(other.settings)


def deciding(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the protocol entries that must be equal for evaluations to be comparable."""
    return {key: value for key, value in settings.items() if not IGNORED.match(key)}
