"""How good a run is, in one sentence: what its doctor and its evaluations found, and how surely."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gan.config import Config
from gan.config.tables.findings import FAULTS, YOUNG
from gan.config.tables.metrics import row_of
from gan.domains import DIRECTIONS, stem
from gan.training.records import Evaluation, Finding, chosen, found, read_lines

Word = Literal["good", "usable", "look here", "broken", "too early"]

SURE, FAIRLY_SURE = 3, 2
"""Looks in a row in which the doctor found the same."""
MANY = 50
"""Images; what fewer say is only fairly sure."""
UNKNOWN = "Nothing is known yet."


@dataclass(frozen=True)
class Verdict:
    """A word for a run, with what it rests on; as text, in the three sentences of the others."""

    word: Word
    sentence: str
    basis: str
    """What was looked at and measured."""
    certainty: str
    """How sure it is, and why."""

    def __str__(self) -> str:
        return f"{self.sentence} {self.basis} {self.certainty}"


def run_verdict(run: Path, config: Config, step: int) -> Verdict:
    """Return the verdict on a run at a step, from the records in its folder."""
    lines = read_lines(run / "doctor.jsonl", Finding)
    evaluation = chosen(read_lines(run / "metrics.jsonl", Evaluation).records)
    return verdict(
        [finding for finding, gone in found(lines.records) if gone is None],
        evaluation if evaluation and evaluation.step else None,
        step,
        config.train.doctor_every if lines.present else 0,
    )


def verdict(
    findings: Sequence[Finding], evaluation: Evaluation | None, step: int, every: int
) -> Verdict:
    """Return the verdict on a run at a step.

    Args:
        findings: Those of the doctor that are still there.
        evaluation: The newest of translations, where there is one.
        step: Steps that are done.
        every: Steps between two looks of the doctor; 0 for none.
    """
    looks = step // every if every else 0
    basis = _basis(looks, looks * every, evaluation)
    ruins = [finding for finding in findings if _ruins(finding)]
    worse = evaluation.changed("worse") if evaluation else []
    if ruins:
        sure = _times(ruins, looks, every) > 1
        head = "Broken, stop this run" if sure else "Broken, it seems"
        sentence = f"{head}: {_seen(ruins)}."
        return Verdict("broken", sentence, basis, _sureness(ruins, looks, every))
    if findings or worse:
        found = [_seen(findings)] if findings else []
        if worse:
            found.append(f"the translations are further from {_targets(worse)} than their sources")
        certainty = _sureness(findings, looks, every) if findings else _measured(evaluation, worse)
        return Verdict("look here", f"Look here: {'; '.join(found)}.", basis, certainty)
    if evaluation and (better := _all_better(evaluation)):
        sentence = f"Good: the translations are nearer to {_targets(better)} than their sources"
        nothing = ", and the doctor finds no fault" if looks else ""
        return Verdict("good", f"{sentence}{nothing}.", basis, _measured(evaluation, better))
    if evaluation is None and (not looks or step < YOUNG):
        return Verdict("too early", f"Too early to say: {_early(looks, every)}.", basis, UNKNOWN)
    return Verdict(
        "usable",
        "Usable: the doctor finds no fault." if looks else "Usable, as far as can be told.",
        basis,
        "Not sure: how near the translations are to the other domain has not been measured; "
        "gan evaluate measures it (option features)."
        if evaluation is None or not _compared(evaluation)
        else "Not sure: the measured differences from the source images are not clear.",
    )


def _early(looks: int, every: int) -> str:
    """Return why nothing can be told yet."""
    if looks:
        return f"pictures are formed from step {YOUNG} on"
    return f"the doctor's first look is at step {every}" if every else "no doctor has looked at it"


def _ruins(finding: Finding) -> bool:
    """Return whether a finding is one that makes the pictures useless."""
    row = FAULTS.get(str(finding.finding))
    return row is not None and row.ruins


def _seen(findings: Sequence[Finding]) -> str:
    """Return what was found, the places of equal findings together."""
    places: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda one: one.step):
        places.setdefault(str(finding.finding), []).append(finding)
    parts = []
    for name, group in places.items():
        title = FAULTS[name].title if name in FAULTS else name
        parts.append(f"{title} ({_places(group)}, since step {group[0].step:,})")
    return "; ".join(parts)


def _places(findings: Sequence[Finding]) -> str:
    """Return the places of findings for people."""
    places = [finding.where for finding in findings]
    if set(places) == set(DIRECTIONS):
        return "both directions"
    return " and ".join(map(_place, places))


def _place(where: str) -> str:
    """Return a direction, a discriminator or a group of networks for people."""
    if where in DIRECTIONS:
        return DIRECTIONS[where].label
    return f"discriminator of {where.upper()}" if where in ("a", "b") else where


def _targets(names: Sequence[str]) -> str:
    """Return the domains that metrics compare translations with, and the metrics."""
    directions = dict.fromkeys(name[len(stem(name)) + 1 :] for name in names)
    domains = [DIRECTIONS[at].target.upper() for at in directions if at in DIRECTIONS]
    titles = dict.fromkeys(row_of(stem(name)).title for name in names)
    return f"{' and '.join(domains)} (by {', '.join(titles)})"


def _compared(evaluation: Evaluation) -> list[str]:
    """Return the metrics that are compared with the source images."""
    return [name for name, metric in evaluation.metrics.items() if metric.change]


def _all_better(evaluation: Evaluation) -> list[str]:
    """Return the metrics that are better than the sources', if every direction has one."""
    better = evaluation.changed("better")
    measured, ours = (
        {name[len(stem(name)) + 1 :] for name in names} for names in (_compared(evaluation), better)
    )
    return better if better and measured == ours else []


def _basis(looks: int, last: int, evaluation: Evaluation | None) -> str:
    """Return what a verdict rests on."""
    parts = []
    if looks:
        times = f"{looks} looks" if looks > 1 else "one look"
        parts.append(f"{times} of the doctor at test images, the last at step {last:,}")
    if evaluation:
        parts.append(f"an evaluation at step {evaluation.step:,}")
    return f"It rests on {' and '.join(parts) or 'nothing yet'}."


def _sureness(findings: Sequence[Finding], looks: int, every: int) -> str:
    """Return how sure findings are: those of several looks in a row are."""
    times = _times(findings, looks, every)
    if times >= SURE:
        return f"Sure: found in the last {times} looks."
    if times >= FAIRLY_SURE:
        return f"Fairly sure: found in the last {times} looks."
    return f"Not sure: found in the last look only; the next is at step {(looks + 1) * every:,}."


def _times(findings: Sequence[Finding], looks: int, every: int) -> int:
    """Return in how many looks in a row the oldest of findings was found."""
    return max((looks * every - finding.step) // every + 1 for finding in findings) if every else 1


def _measured(evaluation: Evaluation | None, names: Sequence[str]) -> str:
    """Return how sure differences are whose 95 % intervals exclude none."""
    counts = [evaluation.metrics[name].count or 0 for name in names] if evaluation else []
    least = min(counts, default=0)
    sure = "Sure" if least >= MANY else "Fairly sure"
    return f"{sure}: the 95 % intervals of {least} images exclude no difference."
