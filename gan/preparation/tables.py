"""Read tables of files (CSV, TSV, or a JSON list with an object for each file); apply conditions.

A condition is column=value,value or column!=value.
"""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from gan.system.text import dotted, nearest

WILD = re.compile(r"[*?]")
SUFFIXES = (".csv", ".tsv", ".json")
FILE_COLUMNS = ("filename", "new_filename", "file_name", "file", "path", "image", "name")
"""Columns that name the file, the most likely first: WikiArt's, Painter by Numbers', COCO's, ...,
BDD100K's."""


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table, all with the same columns; ValueError if it is not a table."""
    try:
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    rows = _objects(path, text) if path.suffix.lower() == ".json" else _records(path, text)
    if not rows:
        raise ValueError(f"{path}: this table has no rows")
    return rows


def _records(path: Path, text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV or TSV file whose first line names the columns."""
    heading = text[: text.find("\n")]
    semicolons = heading.count(";") > heading.count(",")
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ";" if semicolons else ","
    try:
        names, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except (csv.Error, ValueError) as error:
        raise ValueError(f"{path}: not a table: {error or 'empty'}") from error
    names = [name.strip() for name in names]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{path}: two columns are called {sorted(doubled)[0]!r}")
    for number, row in enumerate(rows, 2):
        if row and len(row) != len(names):
            raise ValueError(f"{path}: row {number} has {len(row)} cells, the first {len(names)}")
    return [dict(zip(names, row, strict=True)) for row in rows if row]


def _objects(path: Path, text: str) -> list[dict[str, str]]:
    """Return the objects of a JSON list as rows; keys of nested objects become dotted columns.

    Lists, such as labeled boxes, are skipped; missing keys are empty cells.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not JSON: {error}") from error
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        raise ValueError(f"{path}: not a list of objects, one for each file")
    rows = [_flat(entry) for entry in content]
    columns = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name, "") for name in columns} for row in rows]


def _flat(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return an object as columns; {"attributes": {"scene": "street"}} gives attributes.scene."""
    known = [(name, value) for name, value in dotted(entry) if not isinstance(value, list)]
    return {name: "" if value is None else str(value) for name, value in known}


def file_column(path: Path, columns: list[str], given: str | None) -> str:
    """Return the column with the files' names: `given`, or the likeliest of FILE_COLUMNS.

    ValueError if the table has no such column.
    """
    if given is not None and given not in columns:
        raise ValueError(f"{path}: no column {given} (file_column){nearest(given, columns)}")
    likely = [name for name in FILE_COLUMNS if name in columns]
    if given is None and not likely:
        raise ValueError(
            f"{path}: which column has file names? Set --file_column to one of {', '.join(columns)}"
        )
    return likely[0] if given is None else given


@dataclass(frozen=True)
class Condition:
    """A column that must, or must not, have one of these values."""

    column: str
    values: tuple[str, ...]
    wanted: bool

    def holds(self, row: Mapping[str, str]) -> bool:
        """Return whether a row fulfills the condition."""
        cell = plain(row[self.column])
        # fnmatch reads brackets as a pattern; here they are plain characters.
        patterns = (value.replace("[", "[[]") for value in self.values)
        return any(fnmatchcase(cell, pattern) for pattern in patterns) == self.wanted


def plain(text: str) -> str:
    """Return a string for comparison: case-folded, without spaces around it."""
    return text.strip().casefold()


def _parse(text: str) -> Condition:
    """Parse column=value,value or column!=value; ValueError for other text.

    A value that contains a comma must be in double quotes.
    """
    found = re.fullmatch(r"\s*([^=!]+?)\s*(!?=)(.*)", text, re.DOTALL)
    values = next(csv.reader([found[3]], skipinitialspace=True), []) if found else []
    if not found or not any(map(str.strip, values)):
        raise ValueError(f"{text}: should be column=value, column=value,value or column!=value")
    return Condition(found[1], tuple(map(plain, values)), found[2] == "=")


def chosen(rows: Sequence[Mapping[str, str]], conditions: Sequence[str], origin: str) -> list[int]:
    """Return the indices of the rows that fulfill all conditions; all rows have the same columns.

    `origin` names the rows in errors. ValueError if a condition cannot be parsed, if its column
    does not exist, or if no row is left. Also if a value without * and ? does not occur in the
    column; the error suggests the nearest one.
    """
    parsed = [_parse(text) for text in conditions]
    if not rows:
        return []
    for condition in parsed:
        _check(condition, rows, origin)
    left = [n for n, row in enumerate(rows) if all(wanted.holds(row) for wanted in parsed)]
    if not left:
        raise ValueError(f"{origin}: no row fulfills {', '.join(conditions)}")
    return left


def _check(condition: Condition, rows: Sequence[Mapping[str, str]], origin: str) -> None:
    """Raise ValueError if a condition's column does not exist or a value does not occur in it."""
    columns = list(rows[0])
    if condition.column not in columns:
        hint = nearest(condition.column, columns) or f"; there are {', '.join(columns)}"
        raise ValueError(f"{origin}: no column {condition.column}{hint}")
    cells = (row[condition.column] for row in reversed(rows))
    spelled = {plain(cell): cell.strip() for cell in cells}  # the first spelling
    for value in condition.values:
        if not WILD.search(value) and value not in spelled:
            hint = nearest(value, spelled.values())
            raise ValueError(f"{origin}: {condition.column} is never {value}{hint}")
