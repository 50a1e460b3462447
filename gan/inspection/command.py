"""The command that looks at a dataset before anybody trains on it: what it prints and writes."""

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from gan.images import write_image
from gan.images.budget import limit_decoding
from gan.inspection.findings import KINDS, Finding, find_all
from gan.inspection.options import InspectOptions
from gan.inspection.sheet import draw_sheet
from gan.inspection.statistics import lines, numbers
from gan.inspection.survey import LAYOUT, Survey, find_places, layout_note, survey
from gan.system.atomic import write_whole
from gan.system.text import printable

FINDINGS, STATISTICS, SHEET = "inspection.tsv", "statistics.tsv", "sheet.png"
HEADER = ("finding", "level", "file", "detail", "copy of")
LISTED = 20
"""Findings of a kind that are printed; all are in the file."""


def inspect_folders(options: InspectOptions) -> int:
    """Print what is wrong with a dataset; return the exit status. ValueError: there is none."""
    limit_decoding(options.max_decoded_mb)
    root, output = options.root, options.output
    places = find_places(root, options.a, options.b)
    if output:
        check_output(output, [place.folder for place in places])
    with warnings.catch_warnings(action="ignore"):  # of libraries, about damaged metadata
        seen = survey(places, options.max_megapixels)
        if not seen.images and not seen.unreadable and not seen.unnamed:
            nothing = "; ".join(line for _, line in seen.empty)
            raise ValueError(f"{nothing}; ROOT is a folder with {LAYOUT}")
        found = find_all(seen, options)
        if root and (note := layout_note(root, places)):
            print(printable(note))
        _tell(seen, found, options)
        if output:
            write_lists(output, seen, found)
            faults = [finding for finding in found if finding.fault]
            base = Path(os.path.commonpath([place.folder.parent.absolute() for place in places]))
            write_image(draw_sheet(faults, base, options.max_megapixels, FINDINGS), output / SHEET)
    return 1 if any(finding.fault or options.strict for finding in found) else 0


def _tell(seen: Survey, found: list[Finding], options: InspectOptions) -> None:
    """Print findings and statistics."""
    output = options.output
    complete = printable(f"all in {output / FINDINGS}") if output else "--output FOLDER lists all"
    for line in findings_text(found, options, complete):
        print(line)
    if rows := statistics_rows(seen):
        print(*["", *aligned(rows), ""], sep="\n")
    print(summary(seen, found))


def level(kind: str) -> str:
    return "fault" if KINDS[kind].fault else "remark"


def findings_text(
    found: Sequence[Finding], options: InspectOptions, complete: str
) -> Iterator[str]:
    """Yield lines for people: each kind with its limit, then its files; `complete` has all."""
    for kind, group in groupby(found, key=lambda finding: finding.kind):
        members = list(group)
        meaning = KINDS[kind].meaning.format(**options.model_dump())
        yield f"{level(kind)}: {kind} ({len(members)}): {meaning}"
        for finding in members[:LISTED]:
            copy = f": {finding.other}" if finding.other else ""
            yield printable(f"    {finding.path}: {finding.detail}{copy}")
        if len(members) > LISTED:
            yield f"    … and {len(members) - LISTED} more ({complete})"


def statistics_rows(survey: Survey) -> list[list[str]]:
    """Return a heading and a row for each number, a column for each folder with images."""
    seen = [place for place in survey.places if survey.of(place)]
    if not seen:
        return []
    columns = [lines(numbers(survey.of(place))) for place in seen]
    heading = ["", *(printable(place.folder.name or str(place.folder)) for place in seen)]
    return [heading, *([name, *(column[name] for column in columns)] for name in columns[0])]


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as columns of equal width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def summary(survey: Survey, found: Sequence[Finding]) -> str:
    """Return how much there was of everything."""
    faults = sum(finding.fault for finding in found)
    folders = "folder" if len(survey.places) == 1 else "folders"
    others = f", {survey.others} files that are not images" if survey.others else ""
    return (
        f"{len(survey.images)} images in {len(survey.places)} {folders}{others}: "
        f"{faults} faults, {len(found) - faults} remarks"
    )


def check_output(output: Path, folders: Iterable[Path]) -> None:
    """Raise ValueError where writing would change what is inspected, or replace other files."""
    if output.exists() and not output.is_dir():
        raise ValueError(f"{output}: the output is a folder, and this is a file")
    for folder in folders:
        if output.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{output}: lies in {folder}, which is inspected: give another")
    first = output / FINDINGS
    ours = first.is_file() and first.read_bytes().startswith("\t".join(HEADER).encode())
    for name in (FINDINGS, STATISTICS, SHEET):
        if not ours and (output / name).exists():
            raise ValueError(f"{output / name}: not written by this command: give another --output")


def write_lists(output: Path, survey: Survey, found: Sequence[Finding]) -> None:
    """Write all findings and the statistics, tab-separated."""
    rows = [
        (f.kind, level(f.kind), str(f.path), f.detail, str(f.other) if f.other else "")
        for f in found
    ]
    _write_table(output / FINDINGS, [HEADER, *rows])
    _write_table(output / STATISTICS, statistics_rows(survey))


def _write_table(path: Path, rows: Iterable[Sequence[str]]) -> None:
    text = "".join("\t".join(map(printable, row)) + "\n" for row in rows)
    write_whole(path, lambda file: file.write(text.encode()))
