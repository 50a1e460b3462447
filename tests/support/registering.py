"""Remove rows that a test has added to tables when it ends."""

from functools import partial
from typing import Any

import pytest

from gan.config.table import Table


def forget_rows(monkeypatch: pytest.MonkeyPatch, *tables: Table[Any]) -> None:
    """Remove rows that are added from now on, when monkeypatch is undone."""

    def add(table: Table[Any], name: str, row: Any) -> None:
        if name not in table:
            monkeypatch.setitem(table, name, row)
        Table.add(table, name, row)

    for table in tables:
        monkeypatch.setattr(table, "add", partial(add, table))
