"""The HTML page that compares several runs."""

from collections import Counter
from collections.abc import Sequence
from time import time
from typing import Any

from markupsafe import Markup

from gan.report.comparison.curves import curves
from gan.report.comparison.groups import Group, Groups
from gan.report.comparison.measures import RULE, Table, different_settings, notes, unmeasured
from gan.report.comparison.runs import Run
from gan.report.comparison.samples import samples
from gan.report.comparison.seeds import Summary, summary
from gan.report.html import GENERATOR, read, render


def page(runs: Sequence[Run], groups: Groups, tables: Sequence[Table], images: int) -> Markup:
    """Return the whole HTML document, which loads nothing from elsewhere."""
    titles = [groups.title(group) for group in groups.groups]
    return render(
        "page.html",
        generator=GENERATOR,
        style=Markup(read("page.css")),
        script=Markup(read("page.js")),
        name=f"{len(runs)} runs",
        overview=render(
            "compared.html",
            runs=runs,
            groups=groups.groups,
            ignored=groups.ignored,
            remarks=remarks(runs, groups),
        ),
        fault=None,
        alerts=_alerts(runs),
        sections={
            "Groups": render(
                "groups.html", groups=[_facts(groups, group) for group in groups.groups]
            ),
            "What differs": render(
                "differing.html",
                titles=titles,
                different=groups.different,
                ignored=groups.ignored,
            ),
            "Metrics": render(
                "measures.html",
                tables=[(table, notes(table, groups.groups)) for table in tables],
                titles=titles,
                rule=RULE,
                settings=different_settings(tables),
                missing=unmeasured(groups, tables),
            ),
            "Samples": samples(groups.groups, images),
            "Verdicts": render(
                "diagnoses.html", found=[(run, run.open_findings, run.verdict) for run in runs]
            ),
            "Curves": curves(groups.groups),
        },
        now=time(),
    )


def remarks(runs: Sequence[Run], groups: Groups) -> list[str]:
    """Return sentences about damaged files, and about runs that are not counted."""
    damaged = [text for run in runs for text in run.remarks()]
    copies = [
        f"{copy.name} is a copy of {run.name}: the same recipe and seed. A seed is counted once, "
        f"by the run with most steps."
        for group in groups.groups
        for copy, run in group.copies
    ]
    return [*damaged, *copies]


def _alerts(runs: Sequence[Run]) -> dict[str, str]:
    """Return a sentence for each section that needs attention, by section."""
    found = [run.name for run in runs if run.open_findings]
    return {"verdicts": f"Open findings of the doctor: {', '.join(found)}"} if found else {}


def folded(values: Sequence[float | None]) -> Summary | None:
    """Return the mean and deviation of the values that are not None; None if all are."""
    known = [value for value in values if value is not None]
    return summary(known) if known else None


def _facts(groups: Groups, group: Group) -> dict[str, Any]:
    """Return the template's values for a group and its runs."""
    copies = {copy.name: run.name for copy, run in group.copies}
    return {
        "title": groups.title(group),
        "seeds": ", ".join(str(run.seed) for run in group.runs),
        "states": Counter(run.standing.state for run in group.runs),
        "steps": folded([run.standing.step for run in group.runs]),
        "seconds": folded([run.log.seconds or None for run in group.runs]),
        "pace": folded([run.log.seconds_per_step() for run in group.runs]),
        "findings": sum(len(run.open_findings) for run in group.runs),
        "verdicts": Counter(run.verdict.word for run in group.runs),
        "runs": [
            {
                "name": run.name,
                "copy_of": copies.get(run.name),
                "seed": run.seed,
                "state": run.standing.state,
                "steps": run.standing.step,
                "stop": run.standing.stop,
                "seconds": run.log.seconds,
                "pace": run.log.seconds_per_step(),
                "findings": len(run.open_findings),
                "verdict": run.verdict.word,
            }
            for run in group.every
        ],
    }
