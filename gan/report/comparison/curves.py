"""Charts of logged scalars of several runs; the runs of a group share a color."""

from dataclasses import replace

from markupsafe import Markup

from gan.report.chart import Curve, chart
from gan.report.comparison.groups import Group
from gan.report.comparison.runs import Run
from gan.report.html import label, render
from gan.report.logs import GROUPS, in_groups


def curves(groups: tuple[Group, ...]) -> Markup:
    """Return the HTML of a chart per scalar; scalars of unknown kinds are collapsed at the end."""
    runs = [(group, run) for group in groups for run in group.every]
    names = dict.fromkeys(
        name for _, run in runs for name, points in run.log.scalars.items() if points
    )
    known, others = [], []
    for kind, members in in_groups(names).items():
        for name in members:
            lines = [_line(name, *each) for each in runs if each[1].log.scalars.get(name)]
            if kind not in GROUPS:
                others.append(chart(name, "", lines, raw=False))
            elif kind != "skipped" or any(any(line.values) for line in lines):
                known.append(chart(_title(name, kind), GROUPS[kind][1], lines, raw=False))
    return render("losses.html", groups=names, known=known, others=others)


def _line(name: str, group: Group, run: Run) -> Curve:
    """Return the curve of one run's scalar, in its group's color."""
    return replace(run.log.curve(name), name=f"{group.number} · {run.name}", color=group.number - 1)


def _title(name: str, kind: str) -> str:
    """Return the title of a scalar: "Scores, real A" for score_real_a."""
    rest = " ".join(map(label, name[len(kind) + 1 :].split("_")))
    return f"{GROUPS[kind][0]}, {rest}" if rest else GROUPS[kind][0]
