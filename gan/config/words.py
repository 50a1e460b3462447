"""Types in plain words: what an option takes, for help and for messages."""

import types
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from gan.config.table import NameIn


class Word(NamedTuple):
    """Names of a type."""

    placeholder: str
    """What stands for a value in a command."""
    plain: str
    """What the type is called in a sentence."""


WORDS = {
    bool: Word("[true|false]", "true or false"),
    int: Word("INTEGER", "an integer"),
    float: Word("NUMBER", "a number"),
    Path: Word("PATH", "a path"),
    str: Word("TEXT", "a string"),
}
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "multiple_of": "a multiple of"}
UNLIMITED = 2**31 - 1
"""Bounds of this size or more are not shown: they tell users nothing."""


def bare(kind: Any, constraints: Iterable[Any] = ()) -> tuple[Any, list[Any]]:
    """Return a type without Annotated and `| None`, and its constraints."""
    if get_origin(kind) is Annotated:
        field = FieldInfo.from_annotation(kind)  # which takes pydantic's Field apart
        return bare(field.annotation, [*constraints, *field.metadata])
    if get_origin(kind) in (Union, types.UnionType):
        members = [each for each in get_args(kind) if each is not types.NoneType]
        if len(members) == 1:
            return bare(members[0], constraints)
    return kind, [*constraints]


def choices(kind: Any, constraints: Sequence[Any]) -> list[str]:
    """Return the names that a bare type is limited to; [] if it is not limited to names."""
    if get_origin(kind) is Literal:
        return [str(each) for each in get_args(kind)]
    return [name for each in constraints if isinstance(each, NameIn) for name in each.table]


def placeholder(kind: Any, constraints: Iterable[Any] = ()) -> str:
    """Return what stands for a value: INTEGER, CHOICE, [PATH, ...], {NAME: NUMBER}."""
    kind, constraints = bare(kind, constraints)
    inner = [placeholder(each) for each in get_args(kind)]
    if choices(kind, constraints):
        return "CHOICE"
    if get_origin(kind) is list:
        return f"[{inner[0]}, ...]"
    if get_origin(kind) is tuple:
        return f"[{', '.join(inner)}]"
    if get_origin(kind) is dict:
        return f"{{NAME: {inner[1]}}}"
    if get_origin(kind) in (Union, types.UnionType):
        return "|".join(inner)
    return WORDS[kind].placeholder if kind in WORDS else "VALUE"


def limits(kind: Any, constraints: Iterable[Any] = ()) -> str:
    """Return a type's valid values unless its placeholder shows them: "≥ 1", "one of png, jpeg"."""
    kind, constraints = bare(kind, constraints)
    if names := choices(kind, constraints):
        return f"one of {', '.join(names)}"
    if get_origin(kind) is list:
        each = limits(*get_args(kind))
        return f"each {each}" if each else ""
    if get_origin(kind) is dict:
        each = limits(get_args(kind)[0])
        return f"NAME {each}" if each else ""
    return bounds(constraints)


def plain(kind: Any, constraints: Iterable[Any] = ()) -> str:
    """Return a type in a sentence: "an integer ≥ 1", "a list, [ONE,TWO], each a path"."""
    kind, constraints = bare(kind, constraints)
    inner = [plain(each) for each in get_args(kind)] if not choices(kind, constraints) else []
    if choices(kind, constraints):
        return limits(kind, constraints)
    if get_origin(kind) is list:
        return f"a list, [ONE,TWO], each {inner[0]}"
    if get_origin(kind) is tuple:
        return f"a list, [{', '.join(inner)}]"
    if get_origin(kind) is dict:
        return f"a mapping, {{NAME: VALUE}}, each {inner[1]}"
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(inner)
    name = WORDS[kind].plain if kind in WORDS else "another value"
    return f"{name} {bounds(constraints)}".rstrip()


def bounds(constraints: Sequence[Any]) -> str:
    """Return the limits of a number as text: "≥ 1", "from 0 to 1"; "" if it has none."""
    found = {
        name: getattr(each, name)
        for name in BOUNDS
        for each in constraints
        if abs(getattr(each, name, UNLIMITED)) < UNLIMITED
    }
    if found.keys() == {"ge", "le"}:
        return f"from {found['ge']} to {found['le']}"
    return ", ".join(f"{BOUNDS[name]} {value}" for name, value in found.items())
