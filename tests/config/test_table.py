"""Rows by name: found, rejected with the nearest name, added from outside, loaded when used."""

import math
from dataclasses import dataclass
from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from gan.config.table import NameIn, Table, load


@dataclass(frozen=True)
class Row:
    """A thing."""

    code: object
    size: int


def colors() -> Table[int]:
    return Table("color", {"red": 1, "green": 2})


def test_an_unknown_name_is_rejected_with_the_nearest() -> None:
    assert colors().find("green") == 2
    with pytest.raises(ValueError, match=r"^no color gren\b.*\bgreen\b"):
        colors().find("gren")
    with pytest.raises(ValueError, match=r"^no color zzz; available: red, green; --extend FILE"):
        colors().find("zzz")


def test_a_row_is_added_once_and_never_replaced() -> None:
    table = colors()
    table.add("blue", 3)
    table.add("blue", 3)
    assert list(table) == ["red", "green", "blue"]
    with pytest.raises(ValueError, match="already a color blue"):
        table.add("blue", 4)
    assert table["blue"] == 3


def test_a_key_accepts_the_names_of_a_table_and_those_added_later() -> None:
    table = colors()
    key: TypeAdapter[str] = TypeAdapter(Annotated[str, NameIn(table)])
    assert key.validate_python("red") == "red"
    with pytest.raises(ValidationError, match="no color blue"):
        key.validate_python("blue")
    table.add("blue", 3)
    assert key.validate_python("blue") == "blue"


def test_code_is_loaded_by_name_or_used_directly() -> None:
    assert load("math:hypot") is math.hypot
    assert load(math.hypot) is math.hypot


def test_the_same_definition_replaces_its_row_and_another_does_not() -> None:
    def define(size: int) -> Row:
        class Mine:
            pass

        return Row(Mine, size)

    table: Table[Row] = Table("thing", {"ours": Row("gan.config:Config", 1)})
    table.add("mine", define(1))
    table.add("mine", define(2))
    assert table["mine"].size == 2
    for name in ("mine", "ours"):
        with pytest.raises(ValueError, match=f"there is already a thing {name}"):
            table.add(name, Row(print, 1))
    with pytest.raises(ValueError, match="thing 'my edges/2': use letters"):
        table.add("my edges/2", Row(print, 1))
