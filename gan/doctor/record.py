"""RUN/doctor.jsonl: what was found, one JSON object a line."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from gan.doctor.doctor import Examination

NAME = "doctor.jsonl"
"""A line is {"step", "window", "finding", "where", "value", "limit", "advice"}, or, when a finding
has gone, {"step", "gone", "where"}."""


def begin(folder: Path, step: int) -> Path:
    """The record of a run that goes on after a step; what was written later is superseded.

    The file is replaced as a whole, so that a run that is killed leaves the old one or the new one.
    """
    path = folder / NAME
    kept = [line for line in lines(path) if json.loads(line)["step"] <= step]
    part = path.with_name(f".{NAME}.tmp")
    part.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    os.replace(part, path)
    return path


def lines(path: Path) -> Iterator[str]:
    """The whole lines of a record; the last may be torn."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            yield line.rstrip("\n")


def append(path: Path, step: int, seen: Examination) -> None:
    """Add what was found in a step, and what has gone."""
    entries: list[dict[str, object]] = [
        {
            "step": step,
            "window": finding.window,
            "finding": finding.name,
            "where": finding.where,
            "value": finding.value,
            "limit": finding.limit,
            "advice": finding.advice,
        }
        for finding in seen.found
    ]
    entries += [{"step": step, "gone": old.name, "where": old.where} for old in seen.gone]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(entry) + "\n" for entry in entries)
