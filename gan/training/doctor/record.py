"""RUN/doctor.jsonl: what was found, one JSON object a line."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gan.system.atomic import write_whole
from gan.training.doctor.doctor import Examination

NAME = "doctor.jsonl"
"""A line is {"step", "window", "finding", "where", "value", "limit", "advice"}, or, when a finding
has gone, {"step", "gone", "where"}."""


def begin(folder: Path, step: int) -> Path:
    """The record of a run that goes on after a step; what was written later is superseded.

    The file is replaced as a whole, so that a run that is killed leaves the old one or the new one.
    """
    path = folder / NAME
    kept = [line for at, line in entries(path) if at <= step]
    text = "".join(f"{line}\n" for line in kept)
    write_whole(path, lambda file: file.write(text.encode()))
    return path


def entries(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a record, each with its step; what is torn is passed over."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    for line in text.splitlines():
        with suppress(ValueError, KeyError, TypeError):
            yield int(json.loads(line)["step"]), line


def append(path: Path, step: int, seen: Examination) -> None:
    """Add what was found in a step, and what has gone."""
    new: list[dict[str, object]] = [
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
    new += [{"step": step, "gone": old.name, "where": old.where} for old in seen.gone]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(entry) + "\n" for entry in new)
