"""Format the findings and statistics as text: faults first, a few lines for each kind."""

import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from gan.inspection.findings import KINDS, Finding, Kind
from gan.inspection.options import InspectOptions
from gan.inspection.statistics import lines, numbers
from gan.inspection.survey import Survey
from gan.system.text import number_of, printable

LISTED = 20
"""Largest number of findings of a kind that are printed with their details; inspection.tsv lists
all."""
NAMED = 3
"""Largest number of files that are named for a kind without details."""


def level(kind: str) -> str:
    return "fault" if KINDS[kind].fault else "remark"


def findings_text(
    found: Sequence[Finding], base: Path, options: InspectOptions, complete: str
) -> Iterator[str]:
    """Yield the lines to print; `complete` states where all findings are listed.

    Lines without details have file names relative to `base`.
    """
    harmless: list[str] = []
    cut = False
    for kind, group in groupby(found, key=lambda finding: finding.kind):
        members, row = list(group), KINDS[kind]
        meaning = row.meaning.format(**options.model_dump())
        head = f"{level(kind)}: {kind} ({len(members)}): {meaning}"
        if row.listing == "count":
            harmless.append(f"{len(members)} {meaning}")
        elif row.listing == "names":
            cut = cut or len(members) > NAMED
            yield printable(f"{head}: {_names(members, base)}")
        else:
            yield head
            yield from _details(members, complete)
    if harmless:
        yield f"harmless, handled: {'; '.join(harmless)}"
    if cut or harmless:
        yield f"({complete})"


def _names(members: Sequence[Finding], base: Path) -> str:
    """Return the names of a few files and the number of the others."""
    more = f" and {len(members) - NAMED} more" if len(members) > NAMED else ""
    return ", ".join(os.path.relpath(each.path, base) for each in members[:NAMED]) + more


def _details(members: Sequence[Finding], complete: str) -> Iterator[str]:
    """Yield a line for each finding with its detail, LISTED at most."""
    for finding in members[:LISTED]:
        copy = f": {finding.other}" if finding.other else ""
        yield printable(f"    {finding.path}: {finding.detail}{copy}")
    if len(members) > LISTED:
        yield f"    … and {len(members) - LISTED} more ({complete})"


def statistics_rows(survey: Survey) -> list[list[str]]:
    """Return a heading and a row for each statistic, with a column for each folder with images."""
    seen = [place for place in survey.places if survey.of(place)]
    if not seen:
        return []
    columns = [lines(numbers(survey.of(place))) for place in seen]
    heading = ["", *(printable(place.folder.name or str(place.folder)) for place in seen)]
    return [heading, *([name, *(column[name] for column in columns)] for name in columns[0])]


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines, with the cells padded to the width of their columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def summary(survey: Survey, found: Sequence[Finding]) -> str:
    """Return a line with the numbers of images, faults and remarks."""
    faults = sum(finding.fault for finding in found)
    harmless = sum(_is_harmless(KINDS[finding.kind]) for finding in found)
    folders = "folder" if len(survey.places) == 1 else "folders"
    others = f", {survey.others} files that are not images" if survey.others else ""
    if survey.clips:
        clips = number_of(survey.clips, "clips")
        others += f", {clips} (training requires frames: extract them with gan prepare)"
    rest = f", {harmless} harmless notes" if harmless else ""
    return (
        f"{len(survey.images)} images in {len(survey.places)} {folders}{others}: "
        f"{faults} faults, {len(found) - faults - harmless} remarks{rest}"
    )


def _is_harmless(kind: Kind) -> bool:
    return kind.listing == "count"
