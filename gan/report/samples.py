"""Show samples of the same test images during training, with a slider over the steps."""

import re
from pathlib import Path

from markupsafe import Markup
from PIL import Image

from gan.config import Config
from gan.config.tables.recipes import RECIPES
from gan.domains import DIRECTIONS
from gan.images import ImageError, read_image
from gan.report.html import render
from gan.report.pictures import SMALL, shelve, spread

MOST_STEPS = 24
"""Largest number of steps that are shown, evenly spread."""
BUDGET = 5_000_000
"""Bytes for all grids."""
GRID = re.compile(r"step-(\d+)-(ab|ba)\.png")
SCORES = re.compile(r"step-(\d+)-(ab|ba)-scores\.png")
"""Heat maps of a discriminator's scores; runs of earlier versions have none."""
SCORED = ("translation", "real")
"""Titles of the heat maps' columns."""


def samples(run: Path, config: Config) -> Markup:
    """Return the HTML of a run's sample grids: all directions under one slider."""
    files = grids(run / "samples")
    steps = [list(files)[index] for index in spread(len(files), MOST_STEPS)]
    images, damaged = _read_grids({step: files[step] for step in steps})
    steps = [step for step in steps if any(step == shown for shown, _ in images)]
    drawn = grids(run / "samples", SCORES)
    heats, unread = _read_grids({step: drawn[step] for step in steps if step in drawn})
    found = [*images.values(), *heats.values()]
    shelved, smaller = shelve(found, BUDGET)
    pictures, scores = shelved[: len(images)], shelved[len(images) :]
    widths = {direction: image.width for (_, direction), image in reversed(images.items())}
    crop = config.data.crop_size
    return render(
        "samples.html",
        found=files,
        damaged=[*damaged, *unread],
        steps=steps,
        pictures=dict(zip(images, pictures, strict=True)),
        scores=dict(zip(heats, scores, strict=True)),
        scored={direction: SCORED for _, direction in heats},
        columns={
            direction: RECIPES[config.recipe].columns[: max(1, widths[direction] // crop)]
            for direction in DIRECTIONS
            if direction in widths
        },
        small=crop < SMALL,
        smaller=smaller,
    )


def grids(folder: Path, name: re.Pattern[str] = GRID) -> dict[int, dict[str, Path]]:
    """Return the paths of grids as {step: {direction: path}}, ordered by step.

    name: pattern of the files' names.
    """
    found: dict[int, dict[str, Path]] = {}
    for path in folder.glob("step-*.png"):
        if match := name.fullmatch(path.name):
            found.setdefault(int(match[1]), {})[match[2]] = path
    return dict(sorted(found.items()))


def _read_grids(
    files: dict[int, dict[str, Path]],
) -> tuple[dict[tuple[int, str], Image.Image], list[str]]:
    """Return the grids by (step, direction), and a sentence for each damaged one."""
    images, damaged = {}, []
    for step, directions in files.items():
        for direction, path in sorted(directions.items()):
            try:
                images[step, direction] = read_image(path)
            except ImageError as error:
                damaged.append(str(error).replace(f"{path.parent}/", ""))
    return images, damaged
