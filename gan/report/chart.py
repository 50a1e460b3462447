"""Curves as SVG: crisp at any width, their values in the page for whoever points at them."""

import json
import math
from collections.abc import Sequence

from gan.report.curves import MAX_POINTS, Axis, Curve, axes, number, reach, smoothing, thin
from gan.report.html import Html, element

WIDTH, HEIGHT = 1000, 400
"""Units of the drawing, which is stretched to its place."""


def chart(title: str, about: str, curves: Sequence[Curve], *, smooth: bool = True) -> Html:
    """A figure of curves over steps, with a legend that shows the values pointed at."""
    thinned = [thin(curve) for curve in curves]
    smoothed = [smoothing(curve.values) if smooth else curve.values for curve in thinned]
    x_axis, y_axis = axes(thinned)
    parts: list[Html] = []
    for index, (curve, soft) in enumerate(zip(thinned, smoothed, strict=True)):
        parts += drawn(index, curve, soft, x_axis, y_axis)
    grid = [
        element("line", x1=0, x2=WIDTH, y1=y, y2=y, class_="grid")
        for y in (round(HEIGHT * (1 - y_axis.place(mark)), 1) for mark in y_axis.marks)
    ]
    rule = element("line", class_="rule", x1=0, x2=0, y1=0, y2=HEIGHT)
    svg = element(
        "svg", grid, parts, rule,
        viewBox=f"0 0 {WIDTH} {HEIGHT}", preserveAspectRatio="none", aria_hidden="true",
    )  # fmt: skip
    plot = element(
        "div", svg, class_="plot", tabindex=0, role="img",
        aria_label=f"{title}: {spoken(curves)}",
        data_points=points(thinned), data_first=x_axis.first, data_last=x_axis.last,
    )  # fmt: skip
    return element(
        "figure",
        element("figcaption", element("h3", title), element("p", about)),
        legend(thinned),
        element("div", plot, labels(x_axis, y_axis), class_="frame"),
        element("p", note(curves, thinned, smooth), class_="note"),
        class_="chart",
    )


def drawn(index: int, curve: Curve, soft: Sequence[float], x: Axis, y: Axis) -> list[Html]:
    """One curve: its interval, its values, and its smoothed values where they are others."""
    color = f"s{index % 6}"
    parts = []
    if curve.low and curve.high:
        parts.append(element("path", d=area(curve, x, y), class_=f"band {color}"))
    if list(soft) != list(curve.values):
        raw = line(curve.steps, curve.values, x, y)
        parts.append(element("path", d=raw, class_=f"raw {color}"))
    parts.append(element("path", d=line(curve.steps, soft, x, y), class_=f"line {color}"))
    return parts


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


def labels(x: Axis, y: Axis) -> Html:
    """The numbers at both axes, as HTML: they keep their size when the drawing is stretched."""
    return element(
        "div",
        [element("span", number(m), class_="y", style=f"bottom:{y.place(m):.2%}") for m in y.marks],
        [element("span", number(m), class_="x", style=f"left:{x.place(m):.2%}") for m in x.marks],
        element("span", "step", class_="axis"),
        class_="ticks",
    )


def legend(thinned: Sequence[Curve]) -> Html:
    """Names and the values at the step pointed at, at first the last one."""
    rows = [
        element(
            "li",
            element("i", class_=f"s{index % 6}"),
            curve.name,
            element("output", number(curve.values[-1]), class_="value"),
        )
        for index, curve in enumerate(thinned)
    ]
    last = max(curve.steps[-1] for curve in thinned)
    where = element("li", "at step ", element("output", number(last), class_="step"), class_="at")
    return element("ul", rows, where, class_="legend")


def points(thinned: Sequence[Curve]) -> str:
    """What the page's script reads: for each curve its steps, and its values as they are shown."""
    curves = [
        [[round(step) for step in curve.steps], [number(value) for value in curve.values]]
        for curve in thinned
    ]
    return json.dumps(curves, separators=(",", ":"))


def note(curves: Sequence[Curve], thinned: Sequence[Curve], smooth: bool) -> str | None:
    """What was done to the values before they were drawn."""
    said = []
    size = reach(len(thinned[0].steps))
    if smooth and size > 1:
        said.append("Numbers and faint lines: as logged.")
        said.append(f"Bold lines: exponential mean of about {size} values.")
    every = math.ceil(len(curves[0].steps) / MAX_POINTS)
    if every > 1:
        said.append(f"Every point is the mean of {every} logged values.")
    if lost := sum(not math.isfinite(value) for curve in curves for value in curve.values):
        said.append(f"{lost} values are not finite and leave gaps.")
    return " ".join(said) or None


def spoken(curves: Sequence[Curve]) -> str:
    """The chart for those who do not see it."""
    return "; ".join(
        f"{curve.name} from {number(curve.values[0])} to {number(curve.values[-1])}"
        for curve in curves
    )
