"""Name the two domains of a run by the folders of its images."""

import re
from pathlib import Path
from typing import Any

from gan.domains import Domain
from gan.system.text import printable
from gan.system.yaml_text import parse_yaml

LONGEST = 40
"""Largest length of a domain's name, in characters."""
CONVENTION = re.compile(r"([^\W\d_]{2,})2([^\W\d_]{2,})")
"""The usual name for a folder of two domains: photo2painting."""
SETS = {"traina", "trainb", "testa", "testb", "train", "test", "a", "b", "images"}
"""Folder names that do not describe the contents."""


def domain_names(data: dict[str, Any]) -> dict[Domain, str]:
    """Return the domains' names from the folders in a data section; {} if these name no domains."""
    a, b = (last_part(data.get(key)) for key in ("a", "b"))
    if not (a and b):
        pair = CONVENTION.fullmatch(last_part(data.get("root")))
        a, b = pair.groups() if pair else ("", "")
    known = a and b and a != b and not {a.lower(), b.lower()} & SETS
    return {"a": a, "b": b} if known else {}


def last_part(path: Any) -> str:
    """Return the last part of a path, at most LONGEST characters; empty if it is not a string."""
    name = re.split(r"[/\\]", path.rstrip("/\\"))[-1] if isinstance(path, str) else ""
    return printable(name)[:LONGEST]


def read_config(run: Path) -> dict[str, Any]:
    """Return a run's configuration; empty if it cannot be read."""
    try:
        read = parse_yaml((run / "config.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def read_data(run: Path) -> dict[str, Any]:
    """Return the data section of a run's configuration; empty if it cannot be read."""
    data = read_config(run).get("data")
    return data if isinstance(data, dict) else {}
