"""Curves over steps as SVG: thinned, smoothed, with round axis marks."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import truediv

from markupsafe import Markup

from gan.report.html import number, render

MAX_POINTS = 300
"""Largest number of points of a curve; longer curves are averaged."""
WIDTH, HEIGHT = 1000, 400
"""Units of the drawing, which is scaled to its place in the page."""
COLORS, DASHES = 6, 3
"""Number of colors, and of line styles of each, in page.css."""


@dataclass(frozen=True)
class Curve:
    """A named line; non-finite values leave gaps."""

    name: str
    steps: Sequence[float]
    values: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    """Bounds of an interval around every value; empty if there are none."""
    color: int | None = None
    """Index of its color, if curves share colors; None means its index among the curves."""


@dataclass(frozen=True)
class Axis:
    """An axis from `first` to `last`, and the numbers that are marked on it."""

    first: float
    last: float
    marks: list[float]

    def place(self, value: float) -> float:
        """Return a value's position on the axis, 0 to 1."""
        return (value - self.first) / (self.last - self.first)


def axes(curves: Sequence[Curve]) -> tuple[Axis, Axis]:
    """Return the axis of steps and the axis of values, wide enough for all curves."""
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
    step = _nice((high - low) / 4)
    low, high = step * math.floor(low / step + 1e-9), step * math.ceil(high / step - 1e-9)
    return Axis(first, last, marks(first, last, _nice((last - first) / 4))), Axis(
        low, high, marks(low, high, step)
    )


def _nice(rough: float) -> float:
    """Return the smallest number >= `rough` that is 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return float(next(power * m for m in (1, 2, 5, 10) if power * m >= rough * (1 - 1e-9)))


def marks(first: float, last: float, step: float) -> list[float]:
    """Return the multiples of `step` from `first` to `last`."""
    begin, end = math.ceil(first / step - 1e-9), math.floor(last / step + 1e-9)
    return [index * step for index in range(begin, end + 1)]


def thin(curve: Curve) -> Curve:
    """Return the curve with at most MAX_POINTS points, by averaging neighbors."""
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
    return replace(curve, steps=steps, values=values, low=low, high=high)


def reach(count: int) -> int:
    """Return how many of `count` values a smoothed value averages; 1 means no smoothing."""
    return max(1, count // 12)


def smoothing(values: Sequence[float]) -> list[float]:
    """Return exponential moving averages, without bias at the beginning.

    Each averages about the last `reach(len(values))` values. Values that are not finite become NaN
    and are not averaged.
    """
    decay = 1 - 1 / reach(len(values))
    finite = [value for value in values if math.isfinite(value)]
    totals = accumulate(finite, lambda total, value: decay * total + value)
    weights = accumulate(decay**age for age in range(len(finite)))
    means = map(truediv, totals, weights)
    return [next(means) if math.isfinite(value) else math.nan for value in values]


def chart(
    title: str, about: str, curves: Sequence[Curve], *, smooth: bool = True, raw: bool = True
) -> Markup:
    """Return a figure of curves over steps, with a legend that shows the values under the pointer.

    With `smooth`, moving averages are drawn too; without `raw`, only the averages are drawn.
    """
    thinned = [thin(curve) for curve in curves]
    x, y = axes(thinned)
    return render(
        "chart.html",
        title=title,
        about=about,
        curves=thinned,
        kinds=[_kind(index, curve) for index, curve in enumerate(curves)],
        last=_common([curve.steps[-1] for curve in curves]),
        paths=[_paths(curve, x, y, smooth, raw) for curve in thinned],
        x=x,
        y=y,
        width=WIDTH,
        height=HEIGHT,
        points=_points(thinned),
        ends=[(curve.name, curve.values[0], curve.values[-1]) for curve in curves],
        raw=raw,
        smoothed=_range([reach(len(curve.steps)) if smooth else 1 for curve in thinned]),
        every=_range([math.ceil(len(curve.steps) / MAX_POINTS) for curve in curves]),
        lost=sum(not math.isfinite(value) for curve in curves for value in curve.values),
    )


def _common(steps: Sequence[float]) -> float | None:
    """Return the step at which all curves end, or None if they differ."""
    return steps[0] if len(set(steps)) == 1 else None


def _kind(index: int, curve: Curve) -> str:
    """Return the CSS classes of a curve: its color, and a line style if colors repeat."""
    number = index if curve.color is None else curve.color
    return f"s{number % COLORS}" + (f" d{number // COLORS % DASHES}" if number >= COLORS else "")


def _range(counts: Sequence[int]) -> str | None:
    """Return the counts as text, "3" or "3 to 5"; None if all are 1."""
    least, most = min(counts), max(counts)
    if most == 1:
        return None
    return str(most) if least == most else f"{least} to {most}"


def _paths(curve: Curve, x: Axis, y: Axis, smooth: bool, raw: bool) -> dict[str, str]:
    """Return a curve's SVG paths by kind: band (the interval), raw (the values), line (smoothed).

    A curve without an interval has no band. raw is absent if it is not wanted or equals line.
    """
    soft = smoothing(curve.values) if smooth else list(curve.values)
    paths = {
        "band": _area(curve, x, y) if curve.low and curve.high else None,
        "raw": _line(curve.steps, curve.values, x, y)
        if raw and soft != list(curve.values)
        else None,
        "line": _line(curve.steps, soft, x, y),
    }
    return {kind: path for kind, path in paths.items() if path is not None}


def _line(steps: Sequence[float], values: Sequence[float], x: Axis, y: Axis) -> str:
    """Return an SVG path with gaps at non-finite values; a single point is drawn as a dot."""
    path, lifted = [], True
    for step, value in zip(steps, values, strict=True):
        if math.isfinite(value):
            at = _spot(step, value, x, y)
            path.append(f"M{at}h.1" if lifted else f"L{at}")
        lifted = not math.isfinite(value)
    return "".join(path)


def _area(curve: Curve, x: Axis, y: Axis) -> str:
    """Return the SVG path of an interval's outline."""
    there = [_spot(s, v, x, y) for s, v in zip(curve.steps, curve.high, strict=True)]
    back = [_spot(s, v, x, y) for s, v in zip(curve.steps, curve.low, strict=True)][::-1]
    return f"M{'L'.join(there + back)}Z"


def _spot(step: float, value: float, x: Axis, y: Axis) -> str:
    return f"{WIDTH * x.place(step):.1f} {HEIGHT * (1 - y.place(value)):.1f}"


def _points(thinned: Sequence[Curve]) -> str:
    """Return JSON for the page's script: each curve's steps, and its values as text."""
    return json.dumps(
        [(list(map(round, curve.steps)), list(map(number, curve.values))) for curve in thinned],
        separators=(",", ":"),
    )
