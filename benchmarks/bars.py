"""Figures as a picture: a bar for each, as SVG."""

from collections.abc import Mapping

from gan.report.html import Html, element

ROW, LABEL, BARS, MARGIN = 24, 330, 420, 16
"""Height of a row, width of its label and of the longest bar, and the border, in pixels."""


def bars(title: str, values: Mapping[str, float]) -> str:
    """An SVG picture: a bar for every value, none of them negative, and the value beside it."""
    longest = max(values.values())
    width, height = LABEL + BARS + 60 + 2 * MARGIN, ROW * (len(values) + 1) + 2 * MARGIN
    rows: list[Html] = []
    for number, (name, value) in enumerate(values.items(), start=1):
        y, x, length = MARGIN + number * ROW, MARGIN + LABEL, round(BARS * value / longest, 1)
        rows += [
            element("text", name, x=x - 8, y=y + 16, text_anchor="end"),
            element("rect", x=x, y=y + 3, width=length, height=ROW - 6, fill="#3b6ea5"),
            element("text", f"{value:.2f}", x=x + length + 6, y=y + 16),
        ]
    picture = element(
        "svg",
        element("rect", width="100%", height="100%", fill="#fff"),
        element("text", title, x=MARGIN, y=MARGIN + 12, font_weight="bold"),
        rows,
        xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {height}",
        font_family="sans-serif", font_size=13, fill="#222",
    )  # fmt: skip
    return picture.text + "\n"
