"""Tables: one row for each thing of a kind, by its name; rows can be added from outside.

A row holds all facts of its thing. Where its code needs heavy libraries the row names it, as
"module:attribute", and `load` imports it when it is used: so the configuration knows every name
without importing torch.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from gan.system.text import nearest

Row = TypeVar("Row")
Code = str | Callable[..., Any]
"""A function or class, or where it is: "package.module:attribute"."""


class Table(Mapping[str, Row]):
    """Rows by name, in order."""

    def __init__(self, kind: str, rows: Mapping[str, Row]) -> None:
        """Make a table of things of a kind, for instance "generator"."""
        self.kind = kind
        self._rows = dict(rows)

    def __getitem__(self, name: str) -> Row:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def find(self, name: str) -> Row:
        """Return the row of a name; ValueError names the nearest one where there is none."""
        self.check(name)
        return self._rows[name]

    def check(self, name: str) -> str:
        """Return the name; ValueError where the table has no such row."""
        if name not in self._rows:
            hint = nearest(name, self._rows) or f"; available: {', '.join(self._rows) or 'none'}"
            raise ValueError(f"no {self.kind} {name}{hint}")
        return name

    def add(self, name: str, row: Row) -> None:
        """Add a row; ValueError where the name is taken by another one."""
        if self._rows.get(name, row) != row:
            raise ValueError(f"there is already a {self.kind} {name}: choose another name")
        self._rows[name] = row


@dataclass(frozen=True)
class NameIn:
    """Make pydantic accept only names of a table: Annotated[str, NameIn(TABLE)]."""

    table: Table[Any]

    def __repr__(self) -> str:
        return f"one of {', '.join(self.table)}"

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.table.check, handler(source))


def load(code: Code) -> Callable[..., Any]:
    """Return the function or class that a row names."""
    if not isinstance(code, str):
        return code
    module, _, attribute = code.partition(":")
    loaded: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return loaded
