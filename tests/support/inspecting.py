"""Inspections and the findings in their lists."""

import csv
from pathlib import Path

from tests.support.commands import inspect_folders

Findings = set[tuple[str, str, str]]


def inspected(root: Path | None, output: Path, **options: object) -> tuple[int, Findings]:
    """Return the exit status, and (finding, file, copy of) from the list, relative to the root."""
    status = inspect_folders(root, output=output, **options)
    with (output / "inspection.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    def below(path: str) -> str:
        return path.removeprefix(f"{root}/")

    found = [(row["finding"], below(row["file"]), below(row["copy of"])) for row in rows]
    assert len(set(found)) == len(found)
    return status, set(found)
