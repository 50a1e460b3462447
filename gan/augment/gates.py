"""The gates: scores of translations, their thresholds, and the reasons for rejecting."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Scores = Mapping[str, float | None]
"""Scores by gate; None if there is nothing to measure."""


@dataclass(frozen=True)
class Gate:
    """A score, and which of its values pass."""

    default: str
    least: bool
    """Whether values below the threshold fail; otherwise values above it fail."""
    lowest: float
    """The lowest possible score; the highest is 1."""
    meaning: str
    """A short description of a failing value."""


GATES = {
    "structure": Gate("0.15", True, -1, "edges are not where the source has them"),
    "shift": Gate("0.08", False, 0, "it would fit the source better if it were shifted"),
    "edges": Gate("0", True, -1, "a labeled object has lost its edges"),
    "luma": Gate("-0.05", True, -1, "light and dark are swapped"),
    "contrast": Gate("0.15", True, 0, "contrast is lost"),
    "identity": Gate("0.4", True, -1, "the generator changes images of the target domain too much"),
    "realism": Gate("0.5", True, 0, "it does not look like the images of the target domain"),
    "cycle": Gate("6mad", False, 0, "the reconstruction differs from the source"),
    "task": Gate("1", True, 0, "the task model predicts something else"),
}
"""All gates by name; docs/augmenting.md describes how the defaults were measured."""
LEAST_DEVIATION = 0.01
"""Smallest deviation for `mad`, so that tiny differences are not outliers if most scores are
equal."""


def threshold(gate: Gate, text: str, values: Sequence[float]) -> float | None:
    """Return the threshold that `text` specifies, given the scores of all images; None for `off`.

    `0.2` is the threshold 0.2. With `5%` the worst five of a hundred fail. With `6mad` a score
    fails if it is worse than the median by more than six median absolute deviations: outliers
    fail, however many there are. The deviation is multiplied by 1.4826, so that it estimates the
    standard deviation of normally distributed scores.
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
    """Return a number and its unit: `%`, `mad`, `off` or an empty string; ValueError if invalid."""
    if text.strip() == "off":
        return 0.0, "off"
    found = re.fullmatch(r"\s*(-?\d+(?:\.\d*)?|-?\.\d+)\s*(%|mad)?\s*", text)
    if not found or (found[2] and float(found[1]) < 0):
        raise ValueError(
            f"{text!r}: must be a number (0.2), a percentage (5%), a multiple of the median "
            "absolute deviation (6mad), or off"
        )
    if found[2] == "%" and float(found[1]) > 100:
        raise ValueError(f"{text!r}: must be at most 100%")
    return float(found[1]), found[2] or ""


def check_threshold(gate: Gate, text: str) -> None:
    """Raise ValueError if a text is not a threshold, or is outside the gate's range."""
    number, unit = parse(text)
    if not unit and not gate.lowest <= number <= 1:
        raise ValueError(f"{text!r}: must be from {gate.lowest:g} to 1")


def thresholds(texts: Mapping[str, str], scores: Sequence[Scores]) -> dict[str, float | None]:
    """Return the threshold of each gate, given its text and the scores of all images."""
    found = {}
    for name, gate in GATES.items():
        values = [value for each in scores if (value := each.get(name)) is not None]
        limit = threshold(gate, texts[name], values)
        found[name] = limit if limit is None else round(limit, 4)
    return found


def failed(scores: Scores, limits: Mapping[str, float | None]) -> dict[str, str]:
    """Map each gate that an image's scores fail to the reason, in one line."""
    reasons = {}
    for name, gate in GATES.items():
        value, limit = scores.get(name), limits[name]
        if value is None or limit is None or (value >= limit if gate.least else value <= limit):
            continue
        bound = "at least" if gate.least else "at most"
        reasons[name] = f"{name} {value:.4g}, {bound} {limit:.4g}: {gate.meaning}"
    return reasons
