"""Sweeps: stylize with several values of some options."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from PIL import Image
from pydantic import ValidationError

from gan.images.contact_sheet import grid
from gan.stylize.options import StylizeOptions

SWEEPABLE = (
    *("style_weight", "content_weight", "tv_weight", "strength", "steps", "size", "style_scale"),
    *("optimizer", "init", "preserve_color", "seed"),
)
"""Options that may be swept: they change the picture and have one value."""


class Table(NamedTuple):
    """The layout of a sweep: columns for the last option, rows for combinations of the others."""

    corner: str
    columns: list[str]
    rows: list[str]
    cells: list[tuple[str, StylizeOptions]]
    """Row by row: a name, such as steps=50,style_weight=10, and the configuration."""


def table(config: StylizeOptions) -> Table:
    """Return the table of a sweep; ValueError if an option or value is invalid."""
    keys: list[str] = []
    axes: dict[str, list[str]] = {}
    for text in config.sweep:
        key, _, values = text.partition("=")
        if key not in SWEEPABLE:
            raise ValueError(f"sweep: {key or text!r} cannot be swept: use {', '.join(SWEEPABLE)}")
        keys.append(key)
        axes[key] = values.split(",")
        if not all(axes[key]):
            raise ValueError(f"sweep: {text} must be like style_weight=10,100,1000")
    if len(axes) < len(keys):
        raise ValueError(f"sweep: an option is named twice in {', '.join(keys)}")
    *over, across = keys
    choices = product(*(axes[key] for key in over))
    rows = [dict(zip(over, values, strict=True)) for values in choices]
    cells = [row | {across: value} for row in rows for value in axes[across]]
    names = [",".join(f"{key}={value}" for key, value in cell.items()) for cell in cells]
    return Table(
        f"{', '.join(over)} \\ {across}" if over else across,
        axes[across],
        [", ".join(row.values()) for row in rows],
        [(name, _changed(config, cell)) for name, cell in zip(names, cells, strict=True)],
    )


def sheet(swept: Table, pictures: Sequence[Image.Image]) -> Image.Image:
    """Return one labeled picture of the results of all cells."""
    return grid(swept.columns, pictures, rows=swept.rows, corner=swept.corner)


def _changed(config: StylizeOptions, values: dict[str, str]) -> StylizeOptions:
    """Return the configuration with the values of one cell; ValueError if one is invalid."""
    try:
        return StylizeOptions.model_validate(config.model_dump() | {"sweep": []} | values)
    except ValidationError as error:
        first = error.errors()[0]
        where = f"{first['loc'][0]}={first['input']}: " if first["loc"] else ""
        raise ValueError(f"sweep: {where}{first['msg'].removeprefix('Value error, ')}") from error
