"""Render HTML templates with escaping; format names and numbers."""

import math
import re
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from gan.config.tables.findings import FAULTS
from gan.config.tables.metrics import row_of
from gan.domains import DIRECTIONS, DOMAINS, stem

GENERATOR = Markup('<meta name="generator" content="gan report">')
"""The mark that identifies a file as one of our reports."""
BREAK = re.compile(r"(?<=[>}])\n\s*|\n\s*(?=[<{])")
LABELS: dict[str, str] = {
    **{direction: ends.arrow for direction, ends in DIRECTIONS.items()},
    **{domain: domain.upper() for domain in DOMAINS},
}
"""Texts for directions and domains."""


def label(name: str) -> str:
    """Return the text for a direction or domain; other names are returned unchanged."""
    return LABELS.get(name, name)


def title(name: str) -> str:
    """Return a metric's title with its direction or domain, from its name in metrics.jsonl."""
    plain = stem(name)
    return f"{row_of(plain).title} {label(name[len(plain) + 1 :])}".rstrip(" ")


def finding_title(name: str) -> str:
    """Return the title of a doctor's finding, from its name."""
    row = FAULTS.get(name)
    words = row.title if row else name.replace("_", " ")
    return words[:1].upper() + words[1:]


def number(value: float) -> str:
    """Return a number as short text, "not finite" for NaN and infinity."""
    if not math.isfinite(value):
        return "not finite"
    if value == round(value) and abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def rough(value: float) -> str:
    """Return a number with two digits: a deviation over few seeds is not known more exactly."""
    return number(float(f"{value:.1e}"))


def signed(value: float) -> str:
    """Return a number with its sign."""
    return number(value) if value < 0 else f"+{number(value)}"


def duration(seconds: float) -> str:
    """Return a time span as text, in two units at most."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 10 else f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // (24 * 60)} d {minutes // 60 % 24} h"


def moment(seconds: float) -> str:
    """Return a Unix time as text, in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def prose(text: str) -> Markup:
    """Return text with its --options marked as code, so that lines do not break in them."""
    return Markup(re.sub(r"(?<!\S)(--\w+)", r"<code>\1</code>", str(escape(text))))


def read(name: str) -> str:
    """Return the text of a file of this package."""
    return files("gan.report").joinpath(name).read_text(encoding="utf-8")


def template(name: str) -> str:
    """Return the text of a template, without the line breaks next to tags."""
    return BREAK.sub("", read(f"templates/{name}"))


TEMPLATES = Environment(loader=FunctionLoader(template), autoescape=True, undefined=StrictUndefined)
TEMPLATES.filters |= {
    "duration": duration,
    "finding_title": finding_title,
    "label": label,
    "metric": title,
    "moment": moment,
    "number": number,
    "prose": prose,
    "rough": rough,
    "signed": signed,
}


def render(name: str, /, **values: Any) -> Markup:
    """Return the HTML of a template in templates/, filled in with `values`."""
    return Markup(TEMPLATES.get_template(name).render(values))
