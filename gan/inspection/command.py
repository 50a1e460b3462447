"""The command that looks at a dataset before anybody trains on it."""

import os
import warnings
from pathlib import Path

from gan.images import write_image
from gan.inspection.findings import Finding, Limits, find_all
from gan.inspection.options import InspectOptions
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


def inspect_folders(options: InspectOptions) -> int:
    """Print what is wrong with a dataset; return the exit status. ValueError: there is none."""
    limits = Limits(
        options.min_side, options.max_aspect, options.min_images, options.max_megapixels
    )
    root, output = options.root, options.output
    places = find_places(root, options.a, options.b)
    if output:
        check_output(output, [place.folder for place in places])
    with warnings.catch_warnings(action="ignore"):  # what libraries say of damaged metadata
        seen = survey(places, limits.max_megapixels)
        if not seen.images and not seen.unreadable and not seen.unnamed:
            folder = root or options.a or options.b
            raise ValueError(f"{folder}: no images; ROOT is a folder with {LAYOUT}")
        found = find_all(seen, limits)
        if root and (note := layout_note(root, places)):
            print(printable(note))
        tell(seen, found, limits, output)
        if output:
            write(seen, found, limits, output)
    return 1 if any(finding.fault or options.strict for finding in found) else 0


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
