"""The inspect command: check a dataset, print the findings and write the files of --output."""

import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from gan.images import write_image
from gan.images.budget import limit_decoding
from gan.inspection.findings import Finding, find_all
from gan.inspection.options import InspectOptions
from gan.inspection.sheet import draw_samples, draw_sheet
from gan.inspection.survey import LAYOUT, Survey, find_places, layout_note, survey
from gan.inspection.text import aligned, findings_text, level, statistics_rows, summary
from gan.system.atomic import write_whole
from gan.system.text import printable

FINDINGS, STATISTICS, SHEET = "inspection.tsv", "statistics.tsv", "sheet.png"
HEADER = ("finding", "level", "file", "detail", "copy of")


def inspect_folders(options: InspectOptions) -> int:
    """Print the findings about a dataset, and write the files of --output; return the exit status.

    The status is 1 if there are faults or, with --strict, remarks. ValueError if the folders
    hold no images, or if the output would replace other files.
    """
    limit_decoding(options.max_decoded_mb)
    root, output = options.root, options.output
    places = find_places(root, options.a, options.b)
    if output:
        check_output(output, [place.folder for place in places])
    with warnings.catch_warnings(action="ignore"):  # libraries warn of damaged metadata
        seen = survey(places, options.max_megapixels)
        if not seen.images and not seen.unreadable and not seen.unnamed:
            nothing = "; ".join(line for _, line in seen.empty)
            raise ValueError(f"{nothing}; ROOT must be a folder with {LAYOUT}")
        found = find_all(seen, options)
        if root and (note := layout_note(root, places)):
            print(printable(note))
        base = Path(os.path.commonpath([place.folder.parent.absolute() for place in places]))
        _tell(seen, found, base, options)
        if output:
            write_lists(output, seen, found)
            _write_sheet(seen, found, base, options.max_megapixels, output / SHEET)
    return 1 if any(finding.fault or options.strict for finding in found) else 0


def _tell(seen: Survey, found: list[Finding], base: Path, options: InspectOptions) -> None:
    """Print the findings, the statistics and a summary."""
    output = options.output
    complete = (
        printable(f"all in {output / FINDINGS}")
        if output
        else "use --output FOLDER for the full list"
    )
    for line in findings_text(found, base, options, complete):
        print(line)
    if rows := statistics_rows(seen):
        print(*["", *aligned(rows), ""], sep="\n")
    print(summary(seen, found))


def _write_sheet(
    seen: Survey, found: list[Finding], base: Path, max_megapixels: float, path: Path
) -> None:
    """Write a contact sheet of the faults; without faults, of sample images.

    If there are no images either, remove the sheet of an earlier inspection.
    """
    faults = [finding for finding in found if finding.fault]
    if faults:
        write_image(draw_sheet(faults, base, max_megapixels, FINDINGS), path)
    elif seen.images:
        train = [place for place in seen.places if place.split == "train"] or seen.places
        folders = {place.folder: [each.path for each in seen.of(place)] for place in train}
        write_image(draw_samples(folders, max_megapixels), path)
    else:
        path.unlink(missing_ok=True)


def check_output(output: Path, folders: Iterable[Path]) -> None:
    """Raise ValueError if writing would change the inspected folders or replace other files."""
    if output.exists() and not output.is_dir():
        raise ValueError(f"{output}: is a file; --output must be a folder")
    for folder in folders:
        if output.resolve().is_relative_to(folder.resolve()):
            raise ValueError(
                f"{output}: must not be or lie inside {folder}, which is inspected: give another "
                "--output"
            )
    first = output / FINDINGS
    ours = first.is_file() and first.read_bytes().startswith("\t".join(HEADER).encode())
    for name in (FINDINGS, STATISTICS, SHEET):
        if not ours and (output / name).exists():
            raise ValueError(f"{output / name}: not written by this command: give another --output")


def write_lists(output: Path, survey: Survey, found: Sequence[Finding]) -> None:
    """Write all findings and the statistics as tab-separated files."""
    rows = [
        (f.kind, level(f.kind), str(f.path), f.detail, str(f.other) if f.other else "")
        for f in found
    ]
    _write_table(output / FINDINGS, [HEADER, *rows])
    _write_table(output / STATISTICS, statistics_rows(survey))


def _write_table(path: Path, rows: Iterable[Sequence[str]]) -> None:
    text = "".join("\t".join(map(printable, row)) + "\n" for row in rows)
    write_whole(path, lambda file: file.write(text.encode()))
