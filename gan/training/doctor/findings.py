"""What the training doctor found: a signal beyond its limit, and the advice."""

from dataclasses import dataclass

from gan.config.tables.findings import FAULTS
from gan.domains import DIRECTIONS

LEADS_INTO: dict[str, str] = {name: ends.target for name, ends in DIRECTIONS.items()}
LED_INTO_BY = {domain: direction for direction, domain in LEADS_INTO.items()}
OTHER = LEADS_INTO | LED_INTO_BY
"""The domain that a direction leads into, and the direction that leads into a domain."""


@dataclass(frozen=True)
class Finding:
    """A signal beyond its limit in a window of steps."""

    step: int
    """The last of the window, in which it was found."""
    window: tuple[int, int]
    """First and last step that it speaks of."""
    name: str
    where: str
    """A direction (ab, ba), a discriminator's domain (a, b), generators, discriminators or all."""
    value: float
    limit: float
    advice: str


def diagnose(
    name: str, where: str, value: float, window: tuple[int, int], pace: float = 1.0
) -> Finding | None:
    """A finding, if a signal's value over a window is beyond its limit.

    pace is the discriminators' learning rate by that of the generators.
    """
    fault = FAULTS[name]
    if not fault.has(value):
        return None
    text = fault.hasty if fault.hasty and pace > 1 else fault.advice
    advice = text.format(where=where, other=OTHER.get(where, ""))
    return Finding(window[1], window, name, where, value, fault.limit, advice)
