"""The command that looks at a dataset before anybody trains on it."""

import os
import warnings
from pathlib import Path

from gan.images import write_image
from gan.inspection.findings import Finding, Limits, find_all
from gan.inspection.places import LAYOUT, find_places, layout_note
from gan.inspection.report import (
    FINDINGS,
    SHEET,
    aligned,
    check_output,
    findings_text,
    statistics_rows,
    summary,
    write_lists,
)
from gan.inspection.sheet import draw_sheet
from gan.inspection.survey import Survey, survey
from gan.system.text import printable


def inspect(
    *,
    root: Path | None,
    a: Path | None,
    b: Path | None,
    output: Path | None,
    min_side: int,
    max_aspect: float,
    min_images: int,
    max_megapixels: float,
    strict: bool,
) -> int:
    """Do what `inspect_folders` of entry.py says; ValueError as there."""
    if min_side < 1 or max_aspect < 1 or min_images < 0 or not max_megapixels > 0:
        raise ValueError(
            "min_side and max_aspect must be at least 1, min_images 0, max_megapixels above 0"
        )
    limits = Limits(min_side, max_aspect, min_images, max_megapixels)
    places = find_places(root, a, b)
    if output:
        check_output(output, [place.folder for place in places])
    with warnings.catch_warnings(action="ignore"):  # what libraries say of damaged metadata
        seen = survey(places, max_megapixels)
        if not seen.images and not seen.unreadable and not seen.unnamed:
            raise ValueError(f"{root or a or b}: no images; ROOT is a folder with {LAYOUT}")
        found = find_all(seen, limits)
        if root and (note := layout_note(root, places)):
            print(printable(note))
        tell(seen, found, limits, output)
        if output:
            write(seen, found, limits, output)
    return 1 if any(finding.fault or strict for finding in found) else 0


def tell(seen: Survey, found: list[Finding], limits: Limits, output: Path | None) -> None:
    """Findings and statistics on stdout."""
    complete = printable(f"all in {output / FINDINGS}") if output else "--output FOLDER lists all"
    for line in findings_text(found, limits, complete):
        print(line)
    if rows := statistics_rows(seen):
        print(*["", *aligned(rows), ""], sep="\n")
    print(summary(seen, found))


def write(seen: Survey, found: list[Finding], limits: Limits, output: Path) -> None:
    """The lists and the sheet."""
    write_lists(output, seen, found)
    faults = [finding for finding in found if finding.fault]
    base = Path(os.path.commonpath([place.folder.parent.absolute() for place in seen.places]))
    sheet = draw_sheet(faults, base, limits.max_megapixels, FINDINGS)
    write_image(sheet, output / SHEET)
