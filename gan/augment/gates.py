"""What a translation must preserve: the gates, their thresholds, and what fails them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Scores = Mapping[str, float | None]
"""By gate; None where there is nothing to measure."""


@dataclass(frozen=True)
class Gate:
    """A score, and which of its values are good."""

    default: str
    least: bool
    """Whether values below the threshold are bad; else those above."""
    lowest: float
    """Of the score; the highest is 1."""
    meaning: str
    """What a bad value says, in a few words."""


GATES = {
    "structure": Gate("0.15", True, -1, "edges are not where the source has them"),
    "shift": Gate("0.08", False, 0, "it would fit the source better if it were moved"),
    "edges": Gate("0", True, -1, "a labeled object has lost its edges"),
    "luma": Gate("-0.05", True, -1, "light and dark have changed places"),
    "contrast": Gate("0.15", True, 0, "contrast is lost"),
    "identity": Gate("0.4", True, -1, "the generator spoils even images of the target domain"),
    "realism": Gate("0.5", True, 0, "it does not look like the images of the target domain"),
    "cycle": Gate("6mad", False, 0, "the reconstruction differs from the source"),
    "task": Gate("1", True, 0, "the task model sees something else"),
}
"""The defaults are measured: docs/augmenting.md."""

LEAST_DEVIATION = 0.01
"""Of scores: where most are equal, what differs by less is not an exception."""


def threshold(gate: Gate, text: str, values: Sequence[float]) -> float | None:
    """Return the threshold that a text means for these values of all images; None for a gate that
    is off.

    `0.2` is itself. `5%` lets the worst five of a hundred fail. `6mad` lets fail what is farther
    from the median than six median absolute deviations, in units of a normal distribution's sigma:
    what differs from the majority, however many that are.
    """
    number, unit = parse(text)
    if unit == "off":
        return None
    if not unit or not values:
        return number
    if unit == "%":
        ordered = sorted(values, reverse=not gate.least)
        return ordered[min(int(number / 100 * len(values)), len(values) - 1)]
    median = np.median(values)
    deviation = 1.4826 * np.median(np.abs(np.asarray(values) - median))
    distance = number * max(deviation, LEAST_DEVIATION)
    return float(median - distance if gate.least else median + distance)


def parse(text: str) -> tuple[float, str]:
    """Return a number and its unit, `%`, `mad`, `off` or none; ValueError tells what is right."""
    if text.strip() == "off":
        return 0.0, "off"
    found = re.fullmatch(r"\s*(-?\d+(?:\.\d*)?|-?\.\d+)\s*(%|mad)?\s*", text)
    if not found or (found[2] and float(found[1]) < 0):
        raise ValueError(f"{text!r}: should be a number, like 0.2, or like 5%, 6mad or off")
    if found[2] == "%" and float(found[1]) > 100:
        raise ValueError(f"{text!r}: at most 100%")
    return float(found[1]), found[2] or ""


def check_threshold(gate: Gate, text: str) -> None:
    """Raise ValueError for what is not a threshold, or a number that its score cannot be."""
    number, unit = parse(text)
    if not unit and not gate.lowest <= number <= 1:
        raise ValueError(f"{text!r}: should be from {gate.lowest:g} to 1")


def thresholds(texts: Mapping[str, str], scores: Sequence[Scores]) -> dict[str, float | None]:
    """Return the thresholds of all gates for the scores of all images."""
    found = {}
    for name, gate in GATES.items():
        values = [value for each in scores if (value := each.get(name)) is not None]
        limit = threshold(gate, texts[name], values)
        found[name] = limit if limit is None else round(limit, 4)
    return found


def failed(scores: Scores, limits: Mapping[str, float | None]) -> dict[str, str]:
    """Return the gates that these scores do not pass, each with the reason in a line."""
    reasons = {}
    for name, gate in GATES.items():
        value, limit = scores.get(name), limits[name]
        if value is None or limit is None or (value >= limit if gate.least else value <= limit):
            continue
        bound = "at least" if gate.least else "at most"
        reasons[name] = f"{name} {value:.4g}, {bound} {limit:.4g}: {gate.meaning}"
    return reasons
