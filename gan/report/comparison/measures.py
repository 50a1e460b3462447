"""Tables of the metrics of groups, one for each protocol: values, means, the best group."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gan.config.choices import Better
from gan.config.tables.metrics import row_of
from gan.domains import stem
from gan.evaluation.instruments import PUBLISHED, partial_judge
from gan.evaluation.records import Metric
from gan.report.comparison.groups import ABSENT, Group, Groups
from gan.report.comparison.runs import Run
from gan.report.comparison.seeds import Difference, Summary, summary, welch
from gan.report.metrics import comparable, deciding
from gan.training.records import OWN, Evaluation

RULE = (
    "Each run counts with its newest evaluation by the protocol that most runs share; others are "
    "on the run's own page. A group is marked best if it is better than every other group by more "
    "than seeds explain: the 95 % interval of the difference of the means (Welch's t) excludes "
    "zero for each of them. That holds for other seeds on the same test images, not for other "
    "images, and for each metric separately: of 20 metrics one may be marked by chance. There is "
    "no claim with one seed in either group, nor for a group that was trained with the network "
    "whose features are compared."
)
Protocol = tuple[tuple[str, str], ...]
"""Sorted pairs (setting, value) that must be equal for numbers to be comparable."""


@dataclass(frozen=True)
class Taken:
    """The evaluations of a run by one protocol: the newest, and the one of the best step."""

    newest: Evaluation
    best: Evaluation | None


@dataclass(frozen=True)
class Value:
    """A metric's value in one run."""

    run: Run
    metric: Metric


@dataclass(frozen=True)
class Cell:
    """A metric's values in one group: of the newest evaluations, and of the best steps."""

    group: Group
    newest: tuple[Value, ...]
    best: tuple[Value, ...]
    copies: tuple[Value, ...]
    """Values of copies, which are shown but not counted."""

    @property
    def summary(self) -> Summary:
        """The mean and deviation of the newest values."""
        return _summary(self.newest)

    @property
    def best_summary(self) -> Summary | None:
        """The mean and deviation at the best steps, or None."""
        return _summary(self.best) if self.best else None

    @property
    def values(self) -> list[float]:
        """The newest values as numbers."""
        return [value.metric.value for value in self.newest]


@dataclass(frozen=True)
class Row:
    """One metric, with its value for each group that has it."""

    name: str
    better: Better
    cells: tuple[Cell, ...]
    verdict: str
    best: Group | None
    """The group that is better than all others by more than seeds explain, or None."""

    @property
    def gaps(self) -> dict[int, Difference]:
        """Differences of the other groups from the best one, by group number."""
        if self.best is None:
            return {}
        leading = next(cell.values for cell in self.cells if cell.group is self.best)
        gaps = {
            cell.group.number: welch(cell.values, leading)
            for cell in self.cells
            if cell.group is not self.best
        }
        return {number: gap for number, gap in gaps.items() if gap}


@dataclass(frozen=True)
class Table:
    """The metrics that were measured by one protocol."""

    settings: dict[str, str]
    steps: dict[str, int]
    """The evaluated step, by the run's name."""
    best_steps: dict[str, int]
    rows: tuple[Row, ...]


def tables(groups: Sequence[Group]) -> list[Table]:
    """Return few tables, one per protocol, that together contain every evaluated run."""
    by_run = {run.name: _by_protocol(run) for group in groups for run in group.every}
    counted = [by_run[run.name] for group in groups for run in group.runs]
    return [
        _table(
            groups,
            {name: found[protocol] for name, found in by_run.items() if protocol in found},
        )
        for protocol in _covering(counted)
    ]


def unmeasured(groups: Groups, found: Sequence[Table]) -> list[str]:
    """Return the names of counted runs that were never evaluated."""
    names = [run.name for group in groups.groups for run in group.runs]
    return [name for name in names if not any(name in table.steps for table in found)]


def different_settings(found: Sequence[Table]) -> dict[str, list[str]]:
    """Return the protocol settings in which tables differ, each with one value per table."""
    decisive = [deciding(table.settings) for table in found]
    keys = dict.fromkeys(key for settings in decisive for key in settings)
    rows = {key: [settings.get(key, ABSENT) for settings in decisive] for key in keys}
    return {key: row for key, row in rows.items() if len(set(row)) > 1}


def _by_protocol(run: Run) -> dict[Protocol, Taken]:
    """Return, by protocol, a run's newest evaluation and that of its best step.

    The newest one is training's, or of the generators exported at the end of the run.
    """
    records = run.evaluations.records
    own: dict[Protocol, list[Evaluation]] = {}
    for evaluation in reversed(records):
        if all(OWN.fullmatch(name) for name in evaluation.models):
            protocol = tuple(sorted(deciding(evaluation.settings).items()))
            own.setdefault(protocol, []).append(evaluation)
    found = {}
    for protocol, evaluations in own.items():
        # For one step training's evaluation is preferred: it has all metrics.
        newest = max(evaluations, key=lambda each: (each.step, not each.models))
        alike = comparable(records, newest)
        found[protocol] = Taken(newest, next((e for e in alike if e.step == run.best), None))
    return found


def _covering(by_run: Sequence[Mapping[Protocol, Taken]]) -> list[Protocol]:
    """Return protocols: the one that most runs share, then that of most other runs, and so on.

    Each evaluated run has at least one of the returned protocols. Of protocols with equally many
    runs, the one that was used at the latest step comes first.
    """
    left = [found for found in by_run if found]
    chosen: list[Protocol] = []
    while left:
        reach: dict[Protocol, tuple[int, int]] = {}
        for found in left:
            for protocol, taken in found.items():
                count, step = reach.get(protocol, (0, 0))
                reach[protocol] = (count + 1, max(step, taken.newest.step))
        chosen.append(max(reach, key=lambda protocol: reach[protocol]))
        left = [found for found in left if chosen[-1] not in found]
    return chosen


def _table(groups: Sequence[Group], taken: Mapping[str, Taken]) -> Table:
    """Return the table of one protocol; `taken` has the evaluations by it, by the run's name."""
    newest = {name: each.newest for name, each in taken.items()}
    best = {name: each.best for name, each in taken.items() if each.best}
    counted = [newest[run.name] for group in groups for run in group.runs if run.name in newest]
    names = dict.fromkeys(name for evaluation in counted for name in evaluation.metrics)
    settings = counted[0].settings
    return Table(
        settings,
        {name: evaluation.step for name, evaluation in newest.items()},
        {name: evaluation.step for name, evaluation in best.items()},
        tuple(_row(name, groups, newest, best, settings) for name in names),
    )


def notes(table: Table, groups: Sequence[Group]) -> list[str]:
    """Return a sentence for each group that was trained with the network that measures it."""
    extractor = table.settings.get("extractor.name")
    return [
        f"Group {group.number}: {note}."
        for group in groups
        if any(run.name in table.steps for run in group.runs)
        for note in partial_judge(extractor, group.runs[0].config.frozen_networks)
    ]


def _trained_with_extractor(
    name: str, groups: Sequence[Group], settings: Mapping[str, str]
) -> set[int]:
    """Return the numbers of groups whose training used the features that a metric compares."""
    needs = row_of(stem(name)).requires
    by_extractor = "lpips" in needs and settings.get("lpips") != PUBLISHED.format("alexnet")
    if not by_extractor and "extractor" not in needs:
        return set()
    extractor = settings.get("extractor.name")
    return {group.number for group in groups if extractor in group.runs[0].config.frozen_networks}


def _row(
    name: str,
    groups: Sequence[Group],
    newest: Mapping[str, Evaluation],
    best: Mapping[str, Evaluation],
    settings: Mapping[str, str],
) -> Row:
    """Return a metric's row: its values by group, and the claim."""
    cells = [
        Cell(
            group,
            _values(name, group.runs, newest),
            _values(name, group.runs, best),
            _values(name, [copy for copy, _ in group.copies], newest),
        )
        for group in groups
    ]
    cells = [cell for cell in cells if cell.newest]
    better = cells[0].newest[0].metric.better
    if settings:
        verdict, winner = _verdict(cells, better, _trained_with_extractor(name, groups, settings))
    else:
        verdict, winner = "no protocol: no claim", None
    return Row(name, better, tuple(cells), verdict, winner)


def _values(name: str, runs: Sequence[Run], found: Mapping[str, Evaluation]) -> tuple[Value, ...]:
    """Return a metric's values in the runs; skip runs that do not have the metric."""
    return tuple(
        Value(run, found[run.name].metrics[name])
        for run in runs
        if run.name in found and name in found[run.name].metrics
    )


def _summary(values: Iterable[Value]) -> Summary:
    return summary([value.metric.value for value in values])


def _verdict(
    cells: Sequence[Cell], better: Better, unfair: Collection[int]
) -> tuple[str, Group | None]:
    """Return a claim about the group with the best mean, and this group if it is clearly best."""
    if len(cells) < 2:
        return "nothing to compare", None
    if any(not math.isfinite(cell.summary.mean) for cell in cells):
        return "a value is not finite: no claim", None
    if any(cell.summary.count < 2 for cell in cells):
        return "one seed: no claim", None
    choose = max if better == "higher" else min
    leader = choose(cells, key=lambda cell: cell.summary.mean)
    unclear = [
        str(cell.group.number)
        for cell in cells
        if cell is not leader and not _clear(welch(leader.values, cell.values))
    ]
    if unclear:
        return f"{leader.group.number} is not clearly better than {', '.join(unclear)}", None
    if leader.group.number in unfair:
        return f"{leader.group.number} was trained with the extractor: no claim", None
    return f"{leader.group.number} is best", leader.group


def _clear(difference: Difference | None) -> bool:
    return difference is not None and difference.clear
