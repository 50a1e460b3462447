"""Which of a run's evaluations is shown first, and which may be drawn beside it."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from gan.report.records import Evaluation

OWN = re.compile(r"gen_(ab|ba)\.safetensors")
"""The generators that a run leaves for use: neither the best nor those of past epochs."""
IGNORED = re.compile(
    # Which model and when, how the intervals were drawn, and what changes rounding alone. The same
    # images may lie elsewhere: their hashes say that they are the same.
    r"(models?|time|step|epoch|processes|bootstrap|batch_size)\b|(sources|references)\.\w+\.folder$"
)
"""Keys of the protocol in which evaluations that may be compared may differ."""


def chosen(evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """The newest by training; without one the newest of the run's generators, or of any file."""
    by_training = [e for e in evaluations if not e.models]
    of_the_run = [e for e in evaluations if all(OWN.fullmatch(name) for name in e.models)]
    return next((found[-1] for found in (by_training, of_the_run, evaluations) if found), None)


def comparable(evaluations: Sequence[Evaluation], shown: Evaluation) -> list[Evaluation]:
    """Those by the protocol of the one shown, one a step, in the order of steps.

    Of a step the last one, but training's before others: it has all metrics.
    """
    alike = sorted((e for e in evaluations if same(e, shown)), key=lambda e: not e.models)
    by_step = {e.step: e for e in alike} | {shown.step: shown}
    return [by_step[step] for step in sorted(by_step)]


def same(one: Evaluation, other: Evaluation) -> bool:
    """Whether two evaluations may be compared."""
    first, second = (
        {key: value for key, value in flat(e.protocol) if not IGNORED.match(key)}
        for e in (one, other)
    )
    return first == second


def origin(evaluation: Evaluation) -> str:
    """What was evaluated, and by whom."""
    if not evaluation.models:
        return f"the generators of step {evaluation.step:,}, by training"
    return f"{' and '.join(evaluation.models)} of step {evaluation.step:,}, by gan evaluate"


def flat(content: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys and values of nested dictionaries."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", str(value)
