"""Tables: one row for each thing of a kind, by its name; rows can be added from outside.

A row holds all facts of its thing. If its code requires heavy libraries, the row names the code as
"module:attribute", and `load` imports it when it is used. So the configuration knows all names
without importing torch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from gan.system.text import nearest

Row = TypeVar("Row")
Code = str | Callable[..., Any]
"""A function or class, or its name: "package.module:attribute"."""


class Table(dict[str, Row]):
    """Rows by name, in the order in which they were added."""

    def __init__(self, kind: str, rows: Mapping[str, Row]) -> None:
        """Create a table of things of a kind, for instance "generator"."""
        super().__init__(rows)
        self.kind = kind

    def find(self, name: str) -> Row:
        """Return the row of a name; ValueError suggests the nearest name if there is none."""
        return self[self.check(name)]

    def check(self, name: str) -> str:
        """Return the name; ValueError if the table has no such row."""
        if name not in self:
            raise ValueError(self.missing(name))
        return name

    def missing(self, name: str) -> str:
        """Return the error message for an unknown name; it gives the nearest name, or all names."""
        known = f"; available: {', '.join(self) or 'none'}; --extend FILE adds more"
        hint = nearest(name, self) or known
        return f"no {self.kind} {name}{hint}"

    def add(self, name: str, row: Row) -> None:
        """Add a row. The same row may be added again: a notebook cell may run twice.

        ValueError if the name is taken by another row, or is not an identifier.
        """
        if not name.isidentifier():
            raise ValueError(f"{self.kind} {name!r}: use letters, digits and underscores")
        before = self.get(name, row)
        if before != row and (not _origins(row) or _origins(before) != _origins(row)):
            raise ValueError(f"there is already a {self.kind} {name}: choose another name")
        self[name] = row


def _origins(row: Any) -> list[tuple[str, str]]:
    """Return (module, name) of each function and class in a row."""
    facts = getattr(row, "__dict__", {}).values()
    return [(fact.__module__, fact.__qualname__) for fact in facts if callable(fact)]


@dataclass(frozen=True, eq=False)
class NameIn:
    """Makes pydantic accept only names of a table: Annotated[str, NameIn(TABLE)]."""

    table: Table[Any]

    def __repr__(self) -> str:
        return f"one of {', '.join(self.table)}"

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.table.check, handler(source))


def load(code: Code) -> Any:
    """Return a function or class; if `code` is its name, import it."""
    return resolve_name(code) if isinstance(code, str) else code
