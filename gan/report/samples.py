"""The same test images through training, a slider over the steps."""

import re
from pathlib import Path

from PIL import Image

from gan.config import Config
from gan.config.tables.recipes import RECIPES
from gan.domains import DIRECTIONS
from gan.images import ImageError, read_image
from gan.report.html import Html, element, together
from gan.report.metrics import LABELS, remark
from gan.report.pictures import Inline, pixelated, shelve, spread

MOST_STEPS = 24
"""Steps that are shown; of more, so many evenly spread."""
BUDGET = 5_000_000
"""Bytes for all grids."""
GRID = re.compile(r"step-(\d+)-(ab|ba)\.png")


def samples(run: Path, config: Config) -> Html:
    """The grids of all directions under one slider."""
    files = grids(run / "samples")
    if not files:
        return element("p", "No samples yet: train.sample_every says when.", class_="empty")
    steps = [list(files)[index] for index in spread(len(files), MOST_STEPS)]
    images, damaged = read_grids({step: files[step] for step in steps})
    steps = [step for step in steps if any(step == shown for shown, _ in images)]
    remarks = [remark(text) for text in damaged]
    if not steps:
        return together(remarks)
    shelf = shelve(list(images.values()), BUDGET)
    pictures = dict(zip(images, shelf.pictures, strict=True))
    directions = [
        direction for direction in DIRECTIONS if any(direction == shown for _, shown in images)
    ]
    said = f"{len(steps)} of {len(files)} steps, evenly spread."
    notes = " ".join(filter(None, (said if len(steps) < len(files) else None, shelf.remark)))
    return together(
        remarks,
        element("div", slider(steps), [
            strip(d, steps, pictures, columns(d, images, config), config.data.crop_size)
            for d in directions
        ], class_="samples"),
        element("p", notes, class_="note") if notes else None,
    )  # fmt: skip


def grids(folder: Path) -> dict[int, dict[str, Path]]:
    """Grid files by step and direction, in the order of steps."""
    found: dict[int, dict[str, Path]] = {}
    for path in folder.glob("step-*.png"):
        if match := GRID.fullmatch(path.name):
            found.setdefault(int(match[1]), {})[match[2]] = path
    return dict(sorted(found.items()))


def read_grids(
    files: dict[int, dict[str, Path]],
) -> tuple[dict[tuple[int, str], Image.Image], list[str]]:
    """The grids by step and direction, and a sentence for each that is damaged."""
    images, damaged = {}, []
    for step, directions in files.items():
        for direction, path in sorted(directions.items()):
            try:
                images[step, direction] = read_image(path)
            except ImageError as error:
                damaged.append(str(error).replace(f"{path.parent}/", ""))
    return images, damaged


def columns(
    direction: str, images: dict[tuple[int, str], Image.Image], config: Config
) -> tuple[str, ...]:
    """What the columns of a direction's grids show."""
    width = next(image.width for (_, shown), image in images.items() if shown == direction)
    return RECIPES[config.recipe].columns[: max(1, width // config.data.crop_size)]


def slider(steps: list[int]) -> Html:
    """The slider over all steps; it stands at the last one."""
    last = len(steps) - 1
    return element(
        "div",
        element("label", "Step", for_="step"),
        element(
            "input", type="range", id="step", min=0, max=last, value=last, step=1,
            data_steps=" ".join(map(str, steps)), aria_valuetext=f"step {steps[-1]}",
            disabled=last == 0,
        ),
        element("output", f"{steps[-1]:,}", for_="step"),
        class_="steps",
    )  # fmt: skip


def strip(
    direction: str,
    steps: list[int],
    pictures: dict[tuple[int, str], Inline],
    names: tuple[str, ...],
    crop: int,
) -> Html:
    """A direction's grids on top of one another, of which one is seen."""
    shown = [
        element(
            "img", src=picture.uri, width=picture.width, height=picture.height,
            alt=f"{LABELS[direction]} at step {step}: rows of {', '.join(names)}",
            data_index=index, hidden=index != len(steps) - 1,
            class_=pixelated(crop),
        )
        for index, step in enumerate(steps)
        if (picture := pictures.get((step, direction)))
    ]  # fmt: skip
    heads = element("div", [element("span", name) for name in names], class_="columns")
    return element("figure", element("figcaption", element("h3", LABELS[direction])), heads, shown)
