"""Curves as SVG: crisp at any width, their values in the page for whoever points at them."""

import json
import math
from collections.abc import Sequence

from markupsafe import Markup

from gan.report.curves import MAX_POINTS, Axis, Curve, axes, reach, smoothing, thin
from gan.report.html import render
from gan.report.words import number

WIDTH, HEIGHT = 1000, 400
"""Units of the drawing, which is stretched to its place."""


def chart(title: str, about: str, curves: Sequence[Curve], *, smooth: bool = True) -> Markup:
    """A figure of curves over steps, with a legend that shows the values pointed at."""
    thinned = [thin(curve) for curve in curves]
    x, y = axes(thinned)
    return render(
        "chart.html",
        title=title,
        about=about,
        curves=thinned,
        last=max(curve.steps[-1] for curve in thinned),
        paths=[paths(curve, x, y, smooth) for curve in thinned],
        x=x,
        y=y,
        width=WIDTH,
        height=HEIGHT,
        points=points(thinned),
        ends=[(curve.name, curve.values[0], curve.values[-1]) for curve in curves],
        smoothed=reach(len(thinned[0].steps)) if smooth else 1,
        every=math.ceil(len(curves[0].steps) / MAX_POINTS),
        lost=sum(not math.isfinite(value) for curve in curves for value in curve.values),
    )


def paths(curve: Curve, x: Axis, y: Axis, smooth: bool) -> dict[str, str]:
    """One curve: its interval, its values, and its smoothed values where they are others."""
    soft = smoothing(curve.values) if smooth else curve.values
    found = {}
    if curve.low and curve.high:
        found["band"] = area(curve, x, y)
    if list(soft) != list(curve.values):
        found["raw"] = line(curve.steps, curve.values, x, y)
    return found | {"line": line(curve.steps, soft, x, y)}


def line(steps: Sequence[float], values: Sequence[float], x: Axis, y: Axis) -> str:
    """An SVG path, lifted where a value is not finite; a lone point is a dot."""
    path, lifted = [], True
    for step, value in zip(steps, values, strict=True):
        if math.isfinite(value):
            at = spot(step, value, x, y)
            path.append(f"M{at}h.1" if lifted else f"L{at}")
        lifted = not math.isfinite(value)
    return "".join(path)


def area(curve: Curve, x: Axis, y: Axis) -> str:
    """The outline of an interval."""
    there = [spot(s, v, x, y) for s, v in zip(curve.steps, curve.high, strict=True)]
    back = [spot(s, v, x, y) for s, v in zip(curve.steps, curve.low, strict=True)][::-1]
    return f"M{'L'.join(there + back)}Z"


def spot(step: float, value: float, x: Axis, y: Axis) -> str:
    return f"{WIDTH * x.place(step):.1f} {HEIGHT * (1 - y.place(value)):.1f}"


def points(thinned: Sequence[Curve]) -> str:
    """What the page's script reads: for each curve its steps, and its values as they are shown."""
    curves = [
        [[round(step) for step in curve.steps], [number(value) for value in curve.values]]
        for curve in thinned
    ]
    return json.dumps(curves, separators=(",", ":"))
