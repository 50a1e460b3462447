"""HTML out of templates: what is not marked as HTML is escaped, without exception."""

import re
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from gan.report import words

GENERATOR = Markup('<meta name="generator" content="gan report">')
"""The mark by which a report is known as ours."""
BREAK = re.compile(r"(?<=[>}])\n\s*|\n\s*(?=[<{])")


def read(name: str) -> str:
    """Return a file of this package."""
    return files("gan.report").joinpath(name).read_text(encoding="utf-8")


def template(name: str) -> str:
    """Return a template without the line breaks beside tags, which are for its readers."""
    return BREAK.sub("", read(f"templates/{name}"))


TEMPLATES = Environment(loader=FunctionLoader(template), autoescape=True, undefined=StrictUndefined)
TEMPLATES.filters |= {
    "duration": words.duration,
    "label": words.label,
    "metric": words.title,
    "moment": words.moment,
    "number": words.number,
    "prose": words.prose,
}


def render(name: str, /, **values: Any) -> Markup:
    """Fill in a template of templates/."""
    return Markup(TEMPLATES.get_template(name).render(values))
