"""The command that looks at a dataset before anybody trains on it."""

import os
import warnings
from pathlib import Path

from gan.images import write_image
from gan.inspection.findings import Finding, find_all
from gan.inspection.options import InspectOptions
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
from gan.inspection.survey import LAYOUT, Survey, find_places, layout_note, survey
from gan.system.text import printable


def inspect_folders(options: InspectOptions) -> int:
    """Print what is wrong with a dataset; return the exit status. ValueError: there is none."""
    root, output = options.root, options.output
    places = find_places(root, options.a, options.b)
    if output:
        check_output(output, [place.folder for place in places])
    with warnings.catch_warnings(action="ignore"):  # what libraries say of damaged metadata
        seen = survey(places, options.max_megapixels)
        if not seen.images and not seen.unreadable and not seen.unnamed:
            folder = root or options.a or options.b
            raise ValueError(f"{folder}: no images; ROOT is a folder with {LAYOUT}")
        found = find_all(seen, options)
        if root and (note := layout_note(root, places)):
            print(printable(note))
        _tell(seen, found, options)
        if output:
            write_lists(output, seen, found)
            faults = [finding for finding in found if finding.fault]
            base = Path(os.path.commonpath([place.folder.parent.absolute() for place in places]))
            sheet = draw_sheet(faults, base, options.max_megapixels, FINDINGS)
            write_image(sheet, output / SHEET)
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
