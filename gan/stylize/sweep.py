"""Trying several values of some options, and one labelled sheet of what comes of them."""

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

from PIL import Image
from pydantic import ValidationError

from gan.images.contact_sheet import grid
from gan.stylize.options import StylizeConfig

SWEEPABLE = (
    *("style_weight", "content_weight", "tv_weight", "strength", "steps", "size", "style_scale"),
    *("optimizer", "init", "preserve_color", "seed"),
)
"""Options that change the picture and have one value."""


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
    """Lay out the cells; the corner names the options, rows \\ columns."""
    return grid(titles.columns, cells, rows=titles.rows, corner=titles.corner)
