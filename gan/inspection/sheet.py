"""Draw the faults as a contact sheet: thumbnails with names, copies next to their originals.

Without faults, the sheet shows some images of each folder.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gan.images.contact_sheet import INK, PAPER, fit_text, thumbnail
from gan.inspection.findings import Finding

SIDE = 184
"""Pixels per side of a thumbnail."""
GAP = 12
TEXT_SIZE = 12
LINE = TEXT_SIZE + 4
CELL_WIDTH, CELL_HEIGHT = SIDE + GAP, SIDE + 4 + 3 * LINE + GAP
COLUMNS = 6
CARDS = 300
"""Largest number of faults that are shown: the sheet is up to 25,000 pixels high."""
SAMPLES, SAMPLE_COLUMNS = 8, 4
"""Images per folder that are shown if there are no faults, and images per row."""
UNREAD = ("unreadable", "empty")
"""Kinds without a thumbnail: reading a pipe would never end, and a link may lead out of the
folder."""
EMPTY, ALARM = (222, 216, 202), (170, 30, 20)


def draw_sheet(
    faults: Sequence[Finding], base: Path, max_megapixels: float, complete: str
) -> Image.Image:
    """Return a sheet with a card for each fault, in their order, with names relative to `base`.

    Faults beyond CARDS are counted in the last line; `complete` is the file that lists them all.
    """
    places = list(_layout(faults[:CARDS]))
    rows = 1 + max((row for row, _ in places), default=0)
    page = Image.new("RGB", (GAP + COLUMNS * CELL_WIDTH, 4 * GAP + rows * CELL_HEIGHT), PAPER)
    for fault, (row, column) in zip(faults, places, strict=False):
        corner = (GAP + column * CELL_WIDTH, GAP + row * CELL_HEIGHT)
        page.paste(_card(fault, base, max_megapixels), corner)
    left_out = f"and {len(faults) - CARDS} more, all in {complete}" if len(faults) > CARDS else ""
    ImageDraw.Draw(page).text(
        (GAP, page.height - 2 * GAP), left_out, ALARM, ImageFont.load_default(TEXT_SIZE)
    )
    return page


def draw_samples(folders: Mapping[Path, Sequence[Path]], max_megapixels: float) -> Image.Image:
    """Return some images of each folder, side by side under its name and number of images."""
    width = SAMPLE_COLUMNS * CELL_WIDTH + 2 * GAP
    rows = -(-SAMPLES // SAMPLE_COLUMNS)
    size = (len(folders) * width, 3 * GAP + LINE + rows * (SIDE + GAP))
    page = Image.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(TEXT_SIZE)
    for left, (folder, paths) in zip(count(GAP, width), folders.items(), strict=False):
        chosen = spread(paths, SAMPLES)
        title = f"{folder.name}: {len(chosen)} of {len(paths)} images, no faults"
        draw.text((left, GAP), fit_text(title, TEXT_SIZE, width - GAP), INK, font)
        for number, path in enumerate(chosen):
            row, column = divmod(number, SAMPLE_COLUMNS)
            corner = (left + column * CELL_WIDTH, 2 * GAP + LINE + row * (SIDE + GAP))
            _draw_thumbnail(page, corner, path, max_megapixels)
    return page


def spread(paths: Sequence[Path], number: int) -> list[Path]:
    """Return `number` of the paths, evenly spaced, beginning with the first."""
    number = min(number, len(paths))
    return [paths[index * len(paths) // number] for index in range(number)]


def _draw_thumbnail(
    page: Image.Image, corner: tuple[int, int], path: Path | None, max_megapixels: float
) -> None:
    """Draw an image in the middle of its square; without a path only the square."""
    left, top = corner
    square = (left, top, left + SIDE - 1, top + SIDE - 1)
    ImageDraw.Draw(page).rectangle(square, EMPTY)
    if path and (small := thumbnail(path, SIDE, max_megapixels=max_megapixels)):
        page.paste(small, (left + (SIDE - small.width) // 2, top + (SIDE - small.height) // 2))


def _layout(faults: Sequence[Finding]) -> Iterator[tuple[int, int]]:
    """Yield the row and column of each fault's card; the two cells of a copy stay in one row."""
    row = column = 0
    for fault in faults:
        cells = len(_shown(fault))
        if column + cells > COLUMNS:
            row, column = row + 1, 0
        yield row, column
        column += cells


def _shown(fault: Finding) -> list[Path]:
    """Return the path of a fault and, if it is a copy, that of the original."""
    return [path for path in (fault.path, fault.other) if path]


def _card(fault: Finding, base: Path, max_megapixels: float) -> Image.Image:
    """Return a card for one fault: its images, their names, its kind and its detail."""
    paths = _shown(fault)
    page = Image.new("RGB", (len(paths) * CELL_WIDTH, CELL_HEIGHT), PAPER)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(TEXT_SIZE)
    for column, path in enumerate(paths):
        left = column * CELL_WIDTH
        shown = None if fault.kind in UNREAD else path
        _draw_thumbnail(page, (left, 0), shown, max_megapixels)
        name = fit_text(os.path.relpath(path, base), TEXT_SIZE, SIDE, keep_end=True)
        draw.text((left, SIDE + 4 + 2 * LINE), name, INK, font)
    for line, text in enumerate((fault.kind, fault.detail)):
        text = fit_text(text, TEXT_SIZE, page.width - GAP)
        draw.text((0, SIDE + 4 + line * LINE), text, ALARM, font)
    return page
