"""Draw a bar chart as SVG."""

from collections.abc import Mapping

from jinja2 import Environment

ROW, LABEL, BARS, MARGIN = 24, 330, 420, 16
"""Height of a row, width of the labels, width of the longest bar, and margin, in pixels."""
PICTURE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}"
     font-family="sans-serif" font-size="13" fill="#222">
<rect width="100%" height="100%" fill="#fff"/>
<text x="{{ margin }}" y="{{ margin + 12 }}" font-weight="bold">{{ title }}</text>
{% for name, value, y, length in rows %}
<text x="{{ left - 8 }}" y="{{ y + 16 }}" text-anchor="end">{{ name }}</text>
<rect x="{{ left }}" y="{{ y + 3 }}" width="{{ length }}" height="{{ row - 6 }}" fill="#3b6ea5"/>
<text x="{{ left + length + 6 }}" y="{{ y + 16 }}">{{ "%.2f" | format(value) }}</text>
{% endfor %}
</svg>
""")


def bars(title: str, values: Mapping[str, float]) -> str:
    """Return an SVG with a bar and a number for every value; values must not be negative."""
    longest = max(values.values())
    rows = [
        (name, value, MARGIN + number * ROW, round(BARS * value / longest, 1))
        for number, (name, value) in enumerate(values.items(), start=1)
    ]
    return PICTURE.render(
        title=title,
        rows=rows,
        row=ROW,
        margin=MARGIN,
        left=MARGIN + LABEL,
        width=LABEL + BARS + 60 + 2 * MARGIN,
        height=ROW * (len(values) + 1) + 2 * MARGIN,
    )
