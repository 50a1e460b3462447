"""Trying several values of some options, and one labelled sheet of what comes of them."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

from PIL import Image, ImageDraw, ImageFont
from pydantic import ValidationError

from gan.stylize.options import StylizeConfig

SWEEPABLE = (
    *("style_weight", "content_weight", "tv_weight", "strength", "steps", "size", "style_scale"),
    *("optimizer", "init", "preserve_color", "seed"),
)
"""Options that change the picture and have one value."""

MARGIN, TEXT_SIZE = 16, 20
PAPER, INK = (250, 246, 236), (20, 18, 60)


class Axis(NamedTuple):
    """An option and the values it takes, as they were written."""

    key: str
    values: tuple[str, ...]


class Table(NamedTuple):
    """Columns along the last axis; a row for every combination of the others."""

    corner: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    configs: tuple[StylizeConfig, ...]
    """Of all cells, row by row."""
    names: tuple[str, ...]
    """Of all cells, for instance steps=50,style_weight=10."""


def axis(text: str) -> Axis:
    """An axis out of NAME=VALUE,VALUE,...; ValueError says what would be right."""
    key, _, values = text.partition("=")
    if key not in SWEEPABLE:
        raise ValueError(f"sweep: {key or text!r} cannot be swept: name {', '.join(SWEEPABLE)}")
    if not all(split := values.split(",")):
        raise ValueError(f"sweep: {text} should be like style_weight=10,100,1000")
    return Axis(key, tuple(split))


def table(config: StylizeConfig) -> Table:
    """The configurations of a sweep, all checked; ValueError names the value that is wrong."""
    axes = [axis(text) for text in config.sweep]
    names = [each.key for each in axes]
    if len({*names}) < len(names):
        raise ValueError(f"sweep: an option is named twice in {', '.join(names)}")
    *over, across = axes
    rows = list(product(*[[(each.key, value) for value in each.values] for each in over]))
    cells = [[*row, (across.key, value)] for row in rows for value in across.values]
    corner = f"{', '.join(each.key for each in over)} \\ {across.key}" if over else across.key
    labels = tuple(", ".join(value for _, value in row) for row in rows)
    configs = tuple(changed(config, cell) for cell in cells)
    titles = tuple(",".join(f"{key}={value}" for key, value in cell) for cell in cells)
    return Table(corner, across.values, labels, configs, titles)


def changed(config: StylizeConfig, values: Sequence[tuple[str, str]]) -> StylizeConfig:
    """The configuration of one cell."""
    fields: dict[str, Any] = config.model_dump() | {"sweep": []} | dict(values)
    try:
        return StylizeConfig.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = f"{first['loc'][0]}={first['input']}: " if first["loc"] else ""
        raise ValueError(f"sweep: {where}{first['msg'].removeprefix('Value error, ')}") from error


def sheet(titles: Table, cells: Sequence[Image.Image]) -> Image.Image:
    """The cells, row by row, under their columns' values and beside their rows'.

    The options are named in the corner, rows \\ columns. Cells have the size of the largest;
    smaller ones are centered.
    """
    font = ImageFont.load_default(TEXT_SIZE)
    width, height = (max(side) for side in zip(*(cell.size for cell in cells), strict=True))
    texts = [titles.corner, *titles.rows]
    left = round(max(font.getlength(text) for text in texts)) + 2 * MARGIN
    top = TEXT_SIZE + 2 * MARGIN
    across, down = len(titles.columns), len(titles.rows)
    size = (left + across * (width + MARGIN), top + down * (height + MARGIN))
    page = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((left / 2, top / 2), titles.corner, INK, font, anchor="mm")
    for column, text in enumerate(titles.columns):
        draw.text((left + column * (width + MARGIN) + width / 2, top / 2), text, INK, font, "mm")
    for row, text in enumerate(titles.rows):
        draw.text((left / 2, top + row * (height + MARGIN) + height / 2), text, INK, font, "mm")
    for (x, y), cell in zip(corners(left, top, width, height, across, down), cells, strict=True):
        page.paste(cell, (x + (width - cell.width) // 2, y + (height - cell.height) // 2))
    return page


def corners(
    left: int, top: int, width: int, height: int, across: int, down: int
) -> Iterator[tuple[int, int]]:
    """The upper left corners of the cells, row by row."""
    for row, column in product(range(down), range(across)):
        yield left + column * (width + MARGIN), top + row * (height + MARGIN)
