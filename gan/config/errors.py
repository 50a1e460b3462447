"""Describe pydantic's errors in one line: the key, the expected and the given value."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from gan.config.table import NameIn
from gan.config.words import UNLIMITED, plain
from gan.system.text import nearest

LONGEST = 80
"""Largest length of a value in a message, in characters."""
Fields = Mapping[str, FieldInfo]
"""pydantic's fields by dotted key."""


def explain(error: ValidationError, fields: Fields, key: str = "") -> str:
    """Return validation errors as one line; if required values are missing, only their names.

    `key` is the dotted key of the value that was checked, or empty for a whole section.
    """
    details = error.errors()
    missing = [
        dotted(each["loc"], key)
        for each in details
        if each["type"] == "missing"
        and isinstance(each["loc"][-1], str)  # else of a list too short
    ]
    if missing:
        return f"required: {', '.join(missing)}"
    return "; ".join(dict.fromkeys(_describe(each, fields, key) for each in details))


def unknown(key: str, names: Iterable[str]) -> str:
    """Return the message about an unknown key; it suggests the nearest one of `names`."""
    return f"no key {key}{nearest(key, names)}"


def dotted(place: Sequence[int | str], key: str) -> str:
    """Return pydantic's location of an error, below `key`, as a dotted key without list indices."""
    parts = (part for part in (key, *place) if part not in ("", "[key]"))
    return ".".join(part for part in parts if isinstance(part, str))


def shown(value: Any) -> str:
    """Return a value as users type it, cut to LONGEST characters."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) < LONGEST else f"{text[:LONGEST]}..."


def _describe(detail: Any, fields: Fields, before: str) -> str:
    """Return a line on one of pydantic's errors: "loss.cycle: expected a number ≥ 0. Got: x"."""
    kind, value, key = detail["type"], detail["input"], dotted(detail["loc"], before)
    if kind == "extra_forbidden":
        above = (name.rpartition(".")[0] for name in fields)
        return unknown(key, dict.fromkeys([*fields, *filter(None, above)]))
    if kind == "value_error":
        text = str(detail["ctx"]["error"])
        # A check between several keys names them itself.
        return text if isinstance(value, (dict, BaseModel)) else f"{key}: {text}"
    return f"{key}: {_expected(detail, key, fields)}. Got: {shown(value)}"


def _example(value: str, field: FieldInfo | None) -> str:
    """Return an example of a list's items: the value, or names of the table if it is unknown."""
    items = get_args(get_args(field.annotation)[0]) if field and get_args(field.annotation) else ()
    for table in (each.table for each in items if isinstance(each, NameIn)):
        return value if value in table else ", ".join(list(table)[:2])
    return shown(value)


def _expected(detail: Any, key: str, fields: Fields) -> str:
    """Return what was expected: "expected a number ≥ 0".

    For a key that is neither a field nor an entry of a dict field, return pydantic's message.
    """
    most = detail.get("ctx", {}).get("lt", 0)
    if isinstance(most, int) and most > UNLIMITED:  # which no help shows
        return f"expected at most {most - 1}"
    if detail["type"] == "model_type":
        return "expected keys, KEY: VALUE"
    if detail["type"] == "list_type" and isinstance(detail["input"], str):
        return f"expected a list, for instance [{_example(detail['input'], fields.get(key))}]"
    if detail["type"] == "too_short":
        return f"expected at least {detail['ctx']['min_length']}"
    if field := fields.get(key):
        return f"expected {plain(field.annotation, field.metadata)}"
    mapping = fields.get(key.rpartition(".")[0])  # of loss.terms.edges
    if mapping and get_origin(mapping.annotation) is dict:
        return f"expected {plain(get_args(mapping.annotation)[1])}"
    return str(detail["msg"])
