"""The comparison of runs as plain text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from gan.report.comparison.groups import Groups
from gan.report.comparison.measures import Row, Table, different_settings, notes, unmeasured
from gan.report.comparison.page import folded, remarks
from gan.report.comparison.runs import Run
from gan.report.comparison.seeds import Summary
from gan.report.html import duration, number, rough
from gan.system.text import printable


def text(runs: Sequence[Run], groups: Groups, tables: Sequence[Table]) -> str:
    """Return the tables of groups and metrics, and the differing keys, as text."""
    measured = [
        _columns(_metrics(groups, table, heading))
        for table, heading in zip(tables, _headings(tables), strict=True)
    ]
    blocks = [
        _columns(_overview(groups)),
        _columns(_keys(groups)) if groups.different else [],
        [f"ignored: {key} {' | '.join(values)}" for key, values in groups.ignored.items()],
        *measured,
        [*_protocols(tables)],
        [*dict.fromkeys(note for table in tables for note in notes(table, groups.groups))],
        [f"not evaluated: {', '.join(missing)}"] if (missing := unmeasured(groups, tables)) else [],
        remarks(runs, groups),
    ]
    return "\n\n".join("\n".join(map(printable, lines)) for lines in blocks if lines)


def _columns(lines: Iterable[Sequence[str]]) -> list[str]:
    """Return lines of text, with the cells of all lines aligned in columns."""
    cells = [[printable(cell) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]


def _numbers(groups: Groups) -> list[str]:
    return [str(group.number) for group in groups.groups]


def _overview(groups: Groups) -> Iterator[tuple[str, ...]]:
    """Yield the cells of a heading, and of a line for each group."""
    yield (
        "group",
        "runs",
        "state",
        "steps",
        "time at work",
        "time per step",
        "open findings",
        "verdict",
    )
    for group in groups.groups:
        states = Counter(run.standing.state for run in group.runs)
        verdicts = Counter(run.verdict.word for run in group.runs)
        steps = folded([run.standing.step for run in group.runs])
        yield (
            str(group.number),
            ", ".join(run.name for run in group.runs),
            ", ".join(f"{count} {state}" for state, count in states.items()),
            spread(steps),
            spread(folded([run.log.seconds or None for run in group.runs]), seconds=True),
            spread(folded([run.log.seconds_per_step() for run in group.runs]), seconds=True),
            str(sum(len(run.open_findings) for run in group.runs)),
            ", ".join(f"{count} {word}" for word, count in verdicts.items()),
        )


def _keys(groups: Groups) -> Iterator[tuple[str, str]]:
    """Yield a heading, then (key, its values with their groups) for each key that differs."""
    yield "what differs", "value (groups)"
    for key, values in groups.different.items():
        having: dict[str, list[str]] = {}
        for group, value in zip(groups.groups, values, strict=True):
            having.setdefault(value, []).append(str(group.number))
        yield key, ", ".join(f"{value} ({', '.join(of)})" for value, of in having.items())


def _headings(tables: Sequence[Table]) -> list[str]:
    """Return the first header cell of each protocol's table."""
    return ["metric"] if len(tables) == 1 else [f"table {n + 1}" for n in range(len(tables))]


def _metrics(groups: Groups, table: Table, heading: str) -> Iterator[tuple[str, ...]]:
    """Yield the cells of a heading, then for each metric its means by group, and the claim."""
    yield (heading, "better", *_numbers(groups), "claim")
    for row in table.rows:
        yield (row.name, row.better, *_means(groups, row), row.verdict)


def _means(groups: Groups, row: Row) -> Iterator[str]:
    summaries = {cell.group.number: cell.summary for cell in row.cells}
    for group in groups.groups:
        yield spread(summaries.get(group.number))


def _protocols(tables: Sequence[Table]) -> Iterator[str]:
    """Yield lines on how the tables' protocols differ, if there are several tables."""
    if len(tables) > 1:
        yield "Numbers of different tables are not comparable. Their protocols differ in:"
        for key, values in different_settings(tables).items():
            yield f"  {key}: {' | '.join(values)}"


def spread(of: Summary | None, *, seconds: bool = False) -> str:
    """Return mean +- deviation (seeds), in ASCII, which every terminal can show; "-" for None."""
    if of is None:
        return "-"
    mean, deviation = (duration, duration) if seconds else (number, rough)
    around = "" if of.deviation is None else f" +- {deviation(of.deviation)}"
    return f"{mean(of.mean)}{around} ({of.count})"
