"""HTML out of functions: what is not marked as HTML is escaped, without exception."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from string import Template

GENERATOR = '<meta name="generator" content="gan report">'
"""The mark by which a report is known as ours."""


@dataclass(frozen=True)
class Html:
    """Text that is HTML already."""

    text: str


Child = Html | str | int | float | None | Iterable["Child"]
"""What an element holds: None is nothing, texts and numbers are escaped."""
Attribute = str | int | float | bool | None

VOID = {"br", "img", "input"}
"""Elements that have no end."""


def element(name: str, *children: Child, **attributes: Attribute) -> Html:
    """An element. class_ is class, aria_label aria-label; True has no value, None is left out."""
    named = "".join(
        f" {_attribute(key, value)}" for key, value in attributes.items() if _set(value)
    )
    if name in VOID:
        return Html(f"<{name}{named}>")
    return Html(f"<{name}{named}>{''.join(_texts(children))}</{name}>")


def together(*children: Child) -> Html:
    """Several children without an element around them."""
    return Html("".join(_texts(children)))


def prose(text: str) -> Html:
    """A text whose --options are not torn at the end of a line."""
    parts = re.split(r"(?<!\S)(--\w+)", text)
    return together(element("code", p) if p.startswith("--") else p for p in parts)


def page(title: str, body: Html) -> str:
    """The whole document: page.html with page.css and page.js in it, and no reference outside."""
    parts = files("gan.report")
    template, style, script = (
        parts.joinpath(f"page.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")
    )
    return Template(template).substitute(
        generator=GENERATOR, title=html.escape(title), style=style, script=script, body=body.text
    )


def _set(value: Attribute) -> bool:
    return value is not None and value is not False


def _attribute(key: str, value: Attribute) -> str:
    name = key.removesuffix("_").replace("_", "-")
    return name if value is True else f'{name}="{html.escape(str(value))}"'


def _texts(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if isinstance(child, Html):
            yield child.text
        elif isinstance(child, str | int | float):
            yield html.escape(str(child))
        elif child is not None:
            yield from _texts(child)
