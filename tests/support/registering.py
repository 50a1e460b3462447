"""Tables that forget, when a test ends, what it has added to them."""

from typing import Any

import pytest

from gan.config.table import Table


def forget_rows(monkeypatch: pytest.MonkeyPatch, *tables: Table[Any]) -> None:
    """Let the tables lose the rows that are added from now on, when monkeypatch is undone."""
    for table in tables:
        monkeypatch.setattr(table, "_rows", dict(table))
