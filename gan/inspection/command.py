"""The command that looks at a dataset before anybody trains on it."""

import os
import warnings
from pathlib import Path

from gan.images import MAX_MEGAPIXELS, printable, write_image
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


def inspect_folders(
    root: Path | None = None,
    a: Path | None = None,
    b: Path | None = None,
    output: Path | None = None,
    min_side: int = 64,
    max_aspect: float = 3.0,
    min_images: int = 100,
    max_megapixels: float = MAX_MEGAPIXELS,
    strict: bool = False,
) -> int:
    """Look for what is wrong with a dataset: damaged, double, leaked, tiny; how A and B differ.

    Every image is decoded, nothing is changed. Faults make the exit status 1: what cannot be read,
    duplicates in one folder, pictures in training and in test, tiny and very long ones. What
    training handles is remarked on.

    Args:
        root: Folder with trainA, trainB, testA and testB (any of them), or of images.
        a: Folder of domain A, in place of a root.
        b: Folder of domain B, in place of a root.
        output: Folder for inspection.tsv, statistics.tsv and sheet.png, the faults as a picture;
            left out, nothing is written.
        min_side: Pixels; images with a shorter side are tiny.
        max_aspect: Ratio of the sides from which on images are too long.
        min_images: A smaller training folder is remarked on.
        max_megapixels: Larger images are not decoded.
        strict: Let remarks make the exit status 1 too.
    """
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
        if not seen.sights and not seen.unreadable and not seen.unnamed:
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
