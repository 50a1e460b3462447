"""Tables of files: CSV, TSV, or a JSON list of objects, one for each file."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan.system.text import nearest

SUFFIXES = (".csv", ".tsv", ".json")
FILE_COLUMNS = ("filename", "new_filename", "file_name", "file", "path", "image", "name")
"""Columns that name the file, the most likely first: WikiArt's, Painter by Numbers', COCO's, ...,
BDD100K's."""


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table, all with the same columns; ValueError names a file that is none."""
    try:
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    rows = objects(path, text) if path.suffix.lower() == ".json" else records(path, text)
    if not rows:
        raise ValueError(f"{path}: a table without rows")
    return rows


def records(path: Path, text: str) -> list[dict[str, str]]:
    """The rows of a CSV or TSV file whose first line names the columns."""
    heading = text[: text.find("\n")]
    semicolons = heading.count(";") > heading.count(",")
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ";" if semicolons else ","
    try:
        names, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except (csv.Error, ValueError) as error:
        raise ValueError(f"{path}: no table: {error or 'empty'}") from error
    names = [name.strip() for name in names]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{path}: two columns are called {sorted(doubled)[0]!r}")
    for number, row in enumerate(rows, 2):
        if row and len(row) != len(names):
            raise ValueError(f"{path}: row {number} has {len(row)} cells, the first {len(names)}")
    return [dict(zip(names, row, strict=True)) for row in rows if row]


def objects(path: Path, text: str) -> list[dict[str, str]]:
    """The objects of a JSON list; what lies in objects of theirs has a dotted name.

    Lists, as of labelled boxes, are left out; what an object lacks is empty.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: no JSON: {error}") from error
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        raise ValueError(f"{path}: no list of objects, one for each file")
    rows = [flat(entry) for entry in content]
    columns = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name, "") for name in columns} for row in rows]


def flat(entry: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """An object as columns: {"attributes": {"scene": "street"}} as attributes.scene = street."""
    result: dict[str, str] = {}
    for name, value in entry.items():
        if isinstance(value, dict):
            result |= flat(value, f"{prefix}{name}.")
        elif not isinstance(value, list):
            result[prefix + name] = "" if value is None else str(value)
    return result


def file_column(path: Path, columns: list[str], given: str | None) -> str:
    """The column that names the file; ValueError where it is not there or cannot be guessed."""
    if given is not None:
        if given not in columns:
            raise ValueError(f"{path}: no column {given} (file_column){nearest(given, columns)}")
        return given
    for name in FILE_COLUMNS:
        if name in columns:
            return name
    raise ValueError(
        f"{path}: which column names the files? --file_column: one of {', '.join(columns)}"
    )
