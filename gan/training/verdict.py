"""The verdict on a run: how good it is, by its doctor and evaluations, and how certain that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gan.config import Config
from gan.config.tables.findings import FAULTS, YOUNG
from gan.config.tables.metrics import row_of
from gan.domains import DIRECTIONS, stem
from gan.training.dataset import ROWS
from gan.training.records import Evaluation, Finding, chosen, found, read_lines

Word = Literal["good", "usable", "look here", "broken", "too early"]

SURE, FAIRLY_SURE = 3, 2
"""Consecutive checks with the same finding that make it sure, or fairly sure."""
MANY = 50
"""Number of images: results from fewer are only fairly sure."""


@dataclass(frozen=True)
class Verdict:
    """A word for a run, and three sentences as text: verdict, basis, certainty."""

    word: Word
    sentence: str
    basis: str
    """What was checked and measured; empty if nothing was."""
    certainty: str
    """How certain the verdict is, and why."""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.sentence, self.basis, self.certainty)))


@dataclass(frozen=True)
class Checks:
    """The doctor's checks of a run up to `step`, one every `every` steps (0: no doctor)."""

    step: int
    every: int

    @property
    def count(self) -> int:
        """The number of checks."""
        return self.step // self.every if self.every else 0

    @property
    def last(self) -> int:
        """The step of the last check."""
        return self.count * self.every

    def in_a_row(self, finding: Finding) -> int:
        """Return how many checks in a row, up to the last one, had this finding."""
        return (self.last - finding.step) // self.every + 1 if self.every else 1


def run_verdict(run: Path, config: Config, step: int) -> Verdict:
    """Return the verdict on a run at a step, from the records in its folder."""
    lines = read_lines(run / "doctor.jsonl", Finding)
    evaluation = chosen(read_lines(run / "metrics.jsonl", Evaluation).records)
    return verdict(
        [each for each, gone in found(lines.records) if gone is None and each.step <= step],
        evaluation if evaluation and evaluation.step else None,
        Checks(step, config.train.doctor_every if lines.present else 0),
    )


def verdict(findings: Sequence[Finding], evaluation: Evaluation | None, checks: Checks) -> Verdict:
    """Return the verdict on a run: open findings decide first, then metrics.

    Args:
        findings: Those of the doctor that are still open.
        evaluation: The newest evaluation of translations, if there is one.
        checks: The doctor's checks so far.
    """
    basis = _basis(evaluation, checks)
    ruins = [finding for finding in findings if _ruins(finding)]
    worse = evaluation.changed("worse") if evaluation else []
    if ruins:
        seems = max(map(checks.in_a_row, ruins)) < FAIRLY_SURE
        head = "It seems broken" if seems else "Broken, stop training"
        sentence = f"{head}: {_seen(ruins, checks)}."
        return Verdict("broken", sentence, basis, _sureness(ruins, checks))
    if findings:
        parts = [_seen(findings, checks), *([_further(evaluation)] if evaluation and worse else [])]
        sentence = f"Look here: {'; '.join(parts)}."
        return Verdict("look here", sentence, basis, _sureness(findings, checks))
    if evaluation and worse:
        sentence = f"Look here: {_further(evaluation)}."
        return Verdict("look here", sentence, basis, _measured(evaluation, worse))
    if evaluation and (better := _all_better(evaluation)):
        sentence = f"Good: the translations are nearer to {_targets(better)} than their sources"
        nothing = ", and the doctor finds no fault" if checks.count else ""
        return Verdict("good", f"{sentence}{nothing}.", basis, _measured(evaluation, better))
    if evaluation is None and (not checks.count or checks.step < YOUNG):
        sentence = f"Too early to say: {_early(checks)}."
        return Verdict("too early", sentence, "", "")
    sentence = "Usable: the doctor finds no fault." if checks.count else "Usable, perhaps."
    return Verdict("usable", sentence, basis, _unmeasured(evaluation))


def _ruins(finding: Finding) -> bool:
    """Return whether a finding makes the images useless."""
    row = FAULTS.get(str(finding.finding))
    return row is not None and row.ruins


# The sentence


def _seen(findings: Sequence[Finding], checks: Checks) -> str:
    """Return the findings as text, each name once: TITLE (NAME, PLACES, in the last N checks)."""
    groups: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda one: one.step):
        groups.setdefault(str(finding.finding), []).append(finding)
    parts = []
    for name, group in groups.items():
        title = f"{FAULTS[name].title} " if name in FAULTS else ""
        times = max(map(checks.in_a_row, group))
        often = f"in the last {times} checks" if times > 1 else "in the last check"
        parts.append(f"{title}({name}, {_places(group)}, {often})")
    return "; ".join(parts)


def _places(findings: Sequence[Finding]) -> str:
    """Return the places of findings as text."""
    places = [finding.where for finding in findings]
    if set(places) == set(DIRECTIONS):
        return "both directions"
    return " and ".join(map(_place, places))


def _place(where: str) -> str:
    """Return the name of a direction, a discriminator or a group of networks as text."""
    if where in DIRECTIONS:
        return DIRECTIONS[where].label
    return f"discriminator of {where.upper()}" if where in ("a", "b") else where


def _further(evaluation: Evaluation) -> str:
    """Return text with the metrics that are worse than the source images', then the better ones."""
    worse, better = evaluation.changed("worse"), evaluation.changed("better")
    text = f"the translations are further from {_targets(worse)} than their sources"
    titles = dict.fromkeys(row_of(stem(name)).title for name in better)
    return f"{text}, though nearer by {', '.join(titles)}" if better else text


def _targets(names: Sequence[str]) -> str:
    """Return text such as "A and B (by FID)": the metrics' target domains, then their titles."""
    directions = dict.fromkeys(name[len(stem(name)) + 1 :] for name in names)
    domains = [DIRECTIONS[at].target.upper() for at in directions if at in DIRECTIONS]
    titles = dict.fromkeys(row_of(stem(name)).title for name in names)
    return f"{' and '.join(domains)} (by {', '.join(titles)})"


def _early(checks: Checks) -> str:
    """Return text that says why there is no verdict yet."""
    if checks.count:
        return f"pictures are formed from step {YOUNG} on"
    every = checks.every
    return (
        f"the doctor's first check is at step {every}"
        if every
        else "the training doctor has not checked this run"
    )


# Basis and certainty


def _basis(evaluation: Evaluation | None, checks: Checks) -> str:
    """Return a sentence that says what checks and evaluation a verdict is based on."""
    parts = []
    if checks.count:
        times = f"{checks.count} checks" if checks.count > 1 else "one check"
        parts.append(f"{times} of up to {ROWS} test images, the last at step {checks.last:,}")
    if evaluation:
        parts.append(f"an evaluation at step {evaluation.step:,}")
    return f"It rests on {' and '.join(parts) or 'nothing yet'}."


def _sureness(findings: Sequence[Finding], checks: Checks) -> str:
    """Return a sentence on how certain the findings are: surer after several checks in a row."""
    times = max(map(checks.in_a_row, findings))
    if times >= SURE:
        return f"Sure: {times} checks in a row found it."
    if times >= FAIRLY_SURE:
        return f"Fairly sure: {times} checks in a row found it."
    return "Not sure: one check found it."


def _measured(evaluation: Evaluation, names: Sequence[str]) -> str:
    """Return a sentence on how certain differences are whose 95 % intervals exclude 0."""
    least = min(evaluation.metrics[name].count or 0 for name in names)
    sure = "Sure" if least >= MANY else "Fairly sure"
    return f"{sure}: the 95 % intervals of the differences, of {least} images, exclude 0."


def _unmeasured(evaluation: Evaluation | None) -> str:
    """Return a sentence that says why a run without a fault is only called usable."""
    if evaluation is None or not _compared(evaluation):
        return (
            "Not sure how good: how near the translations are to the other folder was not "
            "measured; run gan evaluate with a feature extractor."
        )
    return "Not sure how good: the measured differences from the source images are not clear."


def _compared(evaluation: Evaluation) -> list[str]:
    """Return the names of the metrics that are compared with the source images."""
    return [name for name, metric in evaluation.metrics.items() if metric.change]


def _all_better(evaluation: Evaluation) -> list[str]:
    """Return the names of the metrics by which translations are better than the source images.

    Return [] if some measured direction has no such metric.
    """
    better = evaluation.changed("better")
    measured, ours = (
        {name[len(stem(name)) + 1 :] for name in names} for names in (_compared(evaluation), better)
    )
    return better if better and measured == ours else []
