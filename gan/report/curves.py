"""Curves and their axes as numbers: thinned, smoothed, and with round marks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

MAX_POINTS = 300
"""Points of a curve; where there are more, each is the mean of several."""


@dataclass(frozen=True)
class Curve:
    """A named line; not finite values leave gaps."""

    name: str
    steps: Sequence[float]
    values: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    """Bounds of an interval around every value, where there are any."""


@dataclass(frozen=True)
class Axis:
    """Numbers from `first` to `last`, and those at which it is marked."""

    first: float
    last: float
    marks: list[float]

    def place(self, value: float) -> float:
        """Share of the way from the first to the last, in [0, 1]."""
        return (value - self.first) / (self.last - self.first)


def axes(curves: Sequence[Curve]) -> tuple[Axis, Axis]:
    """From the first step to the last, and around all finite values."""
    steps = [step for curve in curves for step in curve.steps]
    values = [
        value
        for curve in curves
        for value in (*curve.values, *curve.low, *curve.high)
        if math.isfinite(value)
    ]
    first, last = min(steps), max(steps)
    if first == last:
        first, last = first - 1, last + 1
    low, high = min(values, default=0.0), max(values, default=1.0)
    low = 0.0 if 0 < low < 0.6 * high else low
    if low == high:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    step = nice((high - low) / 4)
    low, high = step * math.floor(low / step + 1e-9), step * math.ceil(high / step - 1e-9)
    return Axis(first, last, marks(first, last, nice((last - first) / 4))), Axis(
        low, high, marks(low, high, step)
    )


def nice(rough: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return float(next(power * m for m in (1, 2, 5, 10) if power * m >= rough * (1 - 1e-9)))


def marks(first: float, last: float, step: float) -> list[float]:
    begin, end = math.ceil(first / step - 1e-9), math.floor(last / step + 1e-9)
    return [index * step for index in range(begin, end + 1)]


def thin(curve: Curve) -> Curve:
    """The curve with MAX_POINTS at most: means of equally many neighbours."""
    every = math.ceil(len(curve.steps) / MAX_POINTS)
    if every <= 1:
        return curve
    steps, values, low, high = (
        [
            math.fsum(numbers[i : i + every]) / len(numbers[i : i + every])
            for i in range(0, len(numbers), every)
        ]
        for numbers in (curve.steps, curve.values, curve.low, curve.high)
    )
    return Curve(curve.name, steps, values, low, high)


def reach(count: int) -> int:
    """Neighbours that a smoothed value looks back on; 1 is no smoothing."""
    return max(1, count // 12)


def smoothing(values: Sequence[float]) -> list[float]:
    """Exponential mean over the last `reach` values or so, unbiased at the beginning."""
    decay = 1 - 1 / reach(len(values))
    total = weight = 0.0
    result = []
    for value in values:
        if math.isfinite(value):
            total, weight = decay * total + value, decay * weight + 1
            result.append(total / weight)
        else:
            result.append(math.nan)
    return result
