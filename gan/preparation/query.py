"""Conditions on columns: column=value,value and column!=value."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gan.system.text import nearest

WILD = re.compile(r"[*?]")


@dataclass(frozen=True)
class Condition:
    """A column that must have one of these values, or none of them."""

    column: str
    values: tuple[str, ...]
    wanted: bool
    text: str
    """As it was given."""

    def holds(self, row: Mapping[str, str]) -> bool:
        """Whether a row fulfils it."""
        cell = plain(row[self.column])
        return any(matches(cell, value) for value in self.values) == self.wanted


def plain(text: str) -> str:
    """A text as it is compared: without regard to case and to spaces around it."""
    return text.strip().casefold()


def matches(cell: str, value: str) -> bool:
    """Whether a plain cell is a plain value, or is like it where that has * or ?."""
    # fnmatch gives brackets a meaning too; in tables they are brackets.
    return fnmatchcase(cell, value.replace("[", "[[]")) if WILD.search(value) else cell == value


def parse(text: str) -> Condition:
    """A condition as it is given; a value with a comma stands in double quotes."""
    found = re.fullmatch(r"\s*([^=!]+?)\s*(!?=)(.*)", text, re.DOTALL)
    values = next(csv.reader([found[3]], skipinitialspace=True), []) if found else []
    if not found or not any(map(str.strip, values)):
        raise ValueError(f"{text}: should be column=value, column=value,value or column!=value")
    return Condition(found[1], tuple(map(plain, values)), found[2] == "=", text)


def chosen(rows: Sequence[Mapping[str, str]], conditions: Iterable[str], origin: str) -> list[int]:
    """The numbers of the rows that fulfil all conditions; all rows have the same columns.

    ValueError where a column does not exist or a value without * and ? occurs nowhere in it, with
    the nearest that does, and where no row is left; `origin` is how the error calls the rows.
    """
    parsed = [parse(text) for text in conditions]
    if not rows:
        return []
    for condition in parsed:
        check(condition, rows, origin)
    left = [
        number
        for number, row in enumerate(rows)
        if all(condition.holds(row) for condition in parsed)
    ]
    if not left:
        raise ValueError(f"{origin}: nothing fulfils {', '.join(each.text for each in parsed)}")
    return left


def check(condition: Condition, rows: Sequence[Mapping[str, str]], origin: str) -> None:
    """ValueError where a condition cannot be meant."""
    columns = list(rows[0])
    if condition.column not in columns:
        hint = nearest(condition.column, columns) or f"; there are {', '.join(columns)}"
        raise ValueError(f"{origin}: no column {condition.column}{hint}")
    spelled: dict[str, str] = {}
    for row in rows:
        spelled.setdefault(plain(row[condition.column]), row[condition.column].strip())
    for value in condition.values:
        if not WILD.search(value) and value not in spelled:
            hint = nearest(value, spelled.values())
            raise ValueError(f"{origin}: {condition.column} is nowhere {value}{hint}")
