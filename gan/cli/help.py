"""The text of --help: what an option takes, in plain words."""

import inspect
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from gan.config.table import NameIn

NAMES = {bool: "true | false", int: "integer", float: "number", Path: "path", str: "text"}
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "multiple_of": "a multiple of"}
UNLIMITED = 2**63
"""Bounds from here on tell people nothing."""


def summary(section: type) -> str:
    """Return the first sentence of a class's documentation, without its period."""
    return (inspect.getdoc(section) or "").partition("\n")[0].removesuffix(".")


def details(section: type) -> str:
    """Return what follows the first sentence, as one paragraph."""
    return " ".join((inspect.getdoc(section) or "").partition("\n\n")[2].split())


def about(field: FieldInfo) -> str:
    """Return the help of an option: its documentation, what it takes and its default."""
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    shown = str(default).lower() if isinstance(default, bool) else default
    facts = [
        plain(field.annotation, field.metadata),
        "required" if field.is_required() else "",
        "" if default in (None, []) else f"default {shown}",
    ]
    text = " ".join((field.description or "").split())
    # argparse fills in what follows a %.
    return f"{text} ({'; '.join(filter(None, facts))})".replace("%", "%%")


def plain(kind: Any, constraints: Sequence[Any] = ()) -> str:
    """Return a type in plain words: "integer ≥ 1", "one of png, jpeg", "list of path"."""
    table = next((each for each in constraints if isinstance(each, NameIn)), None)
    if table:
        return repr(table)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        field = FieldInfo.from_annotation(kind)  # which takes pydantic's Field apart
        return plain(field.annotation, field.metadata)
    if origin in (Union, types.UnionType):
        members = [each for each in arguments if each is not types.NoneType]
        return " or ".join(plain(each, constraints) for each in members)
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin is list:
        return f"list of {plain(arguments[0])}"
    if origin is tuple:
        return f"[{', '.join(map(plain, arguments))}]"
    if origin is dict:
        return "mapping"
    return f"{NAMES[kind]}{bounds(constraints)}"


def bounds(constraints: Sequence[Any]) -> str:
    """Return the limits of a number, with a space before them, or nothing."""
    limits = {
        name: getattr(each, name)
        for name in BOUNDS
        for each in constraints
        if abs(getattr(each, name, UNLIMITED)) < UNLIMITED
    }
    if limits.keys() == {"ge", "le"}:
        return f" from {limits['ge']} to {limits['le']}"
    signs = ", ".join(f"{BOUNDS[name]} {value}" for name, value in limits.items())
    return f" {signs}" if signs else ""
