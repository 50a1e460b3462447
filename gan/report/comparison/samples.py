"""Show the same test images from the newest samples of all runs, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from markupsafe import Markup
from PIL import Image

from gan.config.tables.recipes import RECIPES
from gan.domains import DIRECTIONS, Direction
from gan.images import ImageError, read_image
from gan.report.comparison.groups import Group
from gan.report.comparison.runs import Run
from gan.report.html import render
from gan.report.pictures import shelve, spread
from gan.report.samples import grids

BUDGET = 6_000_000
"""Bytes for all pictures."""
Tiles = list[Image.Image]


@dataclass(frozen=True)
class Taken:
    """The newest grid of a run in one direction, cut into its images."""

    caption: str
    real: Tiles
    results: Tiles


def samples(groups: Sequence[Group], most: int) -> Markup:
    """Return the HTML of up to `most` test images of each direction, translated by every run.

    Runs whose grids show other images, or images of another size, form separate blocks.
    """
    blocks: dict[tuple[Direction, bytes], list[Taken]] = {}
    remarks: list[str] = []
    for group in groups:
        for run in group.every:
            for direction, taken in _read(group, run, remarks).items():
                key = direction, b"".join(tile.tobytes() for tile in taken.real)
                blocks.setdefault(key, []).append(taken)
    ordered = sorted(blocks.items(), key=lambda block: list(DIRECTIONS).index(block[0][0]))
    rows = {key: _rows(taken, most) for key, taken in ordered}
    images = [image for block in rows.values() for row in block for image in row]
    encoded, smaller = shelve(images, BUDGET) if images else ([], None)
    pictures = iter(encoded)  # in the order of `images`
    shown = [
        {
            "direction": direction,
            "captions": ["original", *(taken.caption for taken in blocks[direction, key])],
            "rows": [list(islice(pictures, len(row))) for row in rows[direction, key]],
            "count": len(blocks[direction, key][0].real),
            "apart": sum(other == direction for other, _ in rows) > 1,
        }
        for direction, key in rows
    ]
    return render("side_by_side.html", blocks=shown, remarks=remarks, smaller=smaller)


def _rows(block: Sequence[Taken], most: int) -> list[Tiles]:
    """Return up to `most` rows: a test image, then its translations by the runs of a block."""
    real = block[0].real
    return [
        [real[index], *(taken.results[index] for taken in block)]
        for index in spread(len(real), most)
    ]


def _read(group: Group, run: Run, remarks: list[str]) -> dict[Direction, Taken]:
    """Return a run's newest grids, cut into tiles; add a remark for each that cannot be shown."""
    files = grids(run.folder / "samples")
    if not files:
        remarks.append(f"{run.name}: no samples yet")
        return {}
    step = max(files)
    column = RECIPES[run.config.recipe].translated
    found: dict[Direction, Taken] = {}
    for direction in DIRECTIONS:
        if direction not in files[step]:
            continue
        path = files[step][direction]
        try:
            columns = _cut(read_image(path), run.config.data.crop_size)
        except ImageError as error:
            remarks.append(f"{run.name}: {str(error).replace(f'{path.parent}/', '')}")
            continue
        if column >= len(columns):
            remarks.append(f"{run.name}: {path.name} has no column of translations")
            continue
        caption = f"{group.number} · {run.name}, step {step:,}"
        found[direction] = Taken(caption, columns[0], columns[column])
    return found


def _cut(grid: Image.Image, side: int) -> list[Tiles]:
    """Return a grid's columns, each a list of square tiles."""
    return [
        [
            grid.crop((left, top, left + side, top + side))
            for top in range(0, grid.height - side + 1, side)
        ]
        for left in range(0, grid.width - side + 1, side)
    ]
