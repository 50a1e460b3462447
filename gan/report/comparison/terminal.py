"""The comparison as plain text."""

from collections import Counter
from collections.abc import Iterator, Sequence

from gan.report.comparison.groups import ABSENT, Groups
from gan.report.comparison.measures import Row, Table, different_settings, notes
from gan.report.comparison.page import folded, remarks
from gan.report.comparison.runs import Run
from gan.report.comparison.seeds import Summary
from gan.report.html import duration, number, rough
from gan.system.text import printable


def text(runs: Sequence[Run], groups: Groups, tables: Sequence[Table]) -> str:
    """Return tables of the groups and of their metrics, and what differs, in lines."""
    blocks = [
        _columns([*_overview(groups)]),
        _columns([("what differs", *_numbers(groups)), *_keys(groups)]) if groups.different else "",
        *(
            _columns([*_metrics(groups, table, heading)])
            for table, heading in zip(tables, _headings(tables), strict=True)
        ),
        "\n".join(_protocols(tables)),
        "\n".join(dict.fromkeys(note for table in tables for note in notes(table, groups.groups))),
        "\n".join(remarks(runs, groups)),
    ]
    return "\n\n".join("\n".join(map(printable, block.splitlines())) for block in blocks if block)


def _columns(lines: Sequence[Sequence[str]]) -> str:
    """Lay out cells in columns as wide as their longest cell."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _numbers(groups: Groups) -> list[str]:
    return [str(group.number) for group in groups.groups]


def _overview(groups: Groups) -> Iterator[tuple[str, ...]]:
    """A line for each group."""
    yield "group", "runs", "state", "steps", "time at work", "time per step", "open findings"
    for group in groups.groups:
        states = Counter(run.standing.state for run in group.runs)
        steps = folded([run.standing.step for run in group.runs])
        yield (
            str(group.number),
            ", ".join(run.name for run in group.runs),
            ", ".join(f"{count} {state}" for state, count in states.items()),
            spread(steps),
            spread(folded([run.log.seconds or None for run in group.runs]), seconds=True),
            spread(folded([run.log.seconds_per_step() for run in group.runs]), seconds=True),
            str(sum(len(run.open_findings) for run in group.runs)),
        )


def _keys(groups: Groups) -> Iterator[tuple[str, ...]]:
    for key, values in groups.different.items():
        yield (key, *values)


def _headings(tables: Sequence[Table]) -> list[str]:
    """Return what stands above the metrics of each protocol."""
    return ["metric"] if len(tables) == 1 else [f"table {n + 1}" for n in range(len(tables))]


def _metrics(groups: Groups, table: Table, heading: str) -> Iterator[tuple[str, ...]]:
    """A line for each metric: its mean and deviation by group, and what may be claimed."""
    yield (heading, "better", *_numbers(groups), "claim")
    for row in table.rows:
        yield (row.name, row.better, *_means(groups, row), row.verdict)


def _means(groups: Groups, row: Row) -> Iterator[str]:
    summaries = {cell.group.number: cell.summary for cell in row.cells}
    for group in groups.groups:
        yield spread(summaries.get(group.number))


def _protocols(tables: Sequence[Table]) -> Iterator[str]:
    """In what protocols differ, where there are several."""
    if len(tables) > 1:
        yield "Numbers of different tables are not comparable. Their protocols differ in:"
        for key, values in different_settings(tables).items():
            yield f"  {key}: {' | '.join(values)}"


def spread(of: Summary | None, *, seconds: bool = False) -> str:
    """Return mean ± deviation (seeds), or a dash."""
    if of is None:
        return ABSENT
    mean, deviation = (duration, duration) if seconds else (number, rough)
    around = "" if of.deviation is None else f" ± {deviation(of.deviation)}"
    return f"{mean(of.mean)}{around} ({of.count})"
