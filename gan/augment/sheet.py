"""Draw sheet.png: accepted and rejected translations with sources, labels and reasons."""

import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from gan.augment.dataset import Item
from gan.augment.decisions import Decided
from gan.images import ImageError, read_pixels, read_with_traits
from gan.images.contact_sheet import INK, PAPER, fit_text

CELL, GAP, TEXT = 288, 12, 13
"""Longer side of an image, gap between images, and height of text, in pixels."""
LETTERS = 96
"""Most letters in a line below an image and its source: all scores take two lines."""
ROWS = 8
"""Largest number of rows of accepted and of rejected translations."""
GOOD, BAD, LABEL = (30, 120, 60), (180, 40, 40), (255, 220, 0)


def sheet(decided: Sequence[Decided], root: Path, place: Callable[[Decided], Path]) -> Image.Image:
    """Return a sheet: accepted translations left, rejected ones right, each next to its source.

    The accepted ones are evenly spaced in the list; the rejected ones have different reasons if
    possible. Boxes and borders of masks are drawn. `place` returns the path of a translation.
    """
    accepted = [each for each in decided if each.decision == "accepted"]
    rejected = _various([each for each in decided if each.decision == "rejected"])
    step = max(1, -(-len(accepted) // ROWS))
    halves = [
        ("accepted", GOOD, accepted, accepted[::step]),
        ("rejected", BAD, rejected, rejected[:ROWS]),
    ]
    rows = max(1, *(len(shown) for *_, shown in halves))
    width, height = 2 * (CELL + GAP), CELL + 4 * (TEXT + 2) + GAP
    page = Image.new("RGB", (2 * width + 3 * GAP, (rows * height) + 4 * TEXT), PAPER)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(TEXT)
    for column, (title, color, found, shown) in enumerate(halves):
        left = GAP + column * (width + GAP)
        draw.text((left, TEXT), f"{title}: showing {len(shown)} of {len(found)}", color, font)
        for row, each in enumerate(shown):
            top = 4 * TEXT + row * height
            for number, path in enumerate((root / each.task.item.image, place(each))):
                if small := _labelled(path, each.task.item, root):
                    page.paste(small, (left + number * (CELL + GAP), top))
            known = {at: score for at, score in (each.scores or {}).items() if score is not None}
            scores = ", ".join(f"{name} {score:.2f}" for name, score in known.items())
            fails = ", ".join(f"{gate} {known[gate]:.2f}" for gate in each.gates if gate in known)
            name = fit_text(each.task.output.as_posix(), TEXT, 2 * CELL + GAP)
            reason = f"fails: {fails}" if fails else scores
            draw.text((left, top + CELL + 2), name, INK, font)
            below = (left, top + CELL + 4 + TEXT)
            draw.multiline_text(below, textwrap.fill(reason, LETTERS), color, font, spacing=2)
    return page


def _labelled(path: Path, item: Item, root: Path) -> Image.Image | None:
    """Return an image with its boxes and its mask's borders; None if it cannot be read.

    Its longer side is CELL pixels.
    """
    try:  # all images were accepted before, whatever their size
        image, traits = read_with_traits(path, draft_size=CELL, max_megapixels=float("inf"))
    except ImageError:
        return None
    larger = max(image.size) < CELL
    how = Image.Resampling.NEAREST if larger else Image.Resampling.LANCZOS
    small = ImageOps.contain(image, (CELL, CELL), how)
    if "rotated" in traits.unusual:  # the orientation of its labels is not known
        return small
    draw = ImageDraw.Draw(small)
    for box in item.boxes:
        of = (1, 1) if box.relative else traits.size
        x, y = small.width / of[0], small.height / of[1]
        (left, right), (top, bottom) = (
            sorted([box.left * x, box.right * x]),
            sorted([box.top * y, box.bottom * y]),
        )
        ends = max(left, right - 1), max(top, bottom - 1)
        draw.rectangle((left, top, *ends), outline=LABEL, width=2)
    if item.mask is not None:
        colors = cv2.resize(
            read_pixels(root / item.mask), small.size, interpolation=cv2.INTER_NEAREST
        )
        borders = np.zeros(colors.shape[:2], bool)
        borders[:, 1:] |= (colors[:, 1:] != colors[:, :-1]).any(axis=2)
        borders[1:] |= (colors[1:] != colors[:-1]).any(axis=2)
        small.paste(LABEL, mask=Image.fromarray(borders))
    return small


def _various(decided: Sequence[Decided]) -> list[Decided]:
    """Return translations in an order that alternates between different reasons."""
    turns = Counter[tuple[str, ...]]()
    rounds = defaultdict[int, list[Decided]](list)
    for each in decided:
        turns[each.gates] += 1
        rounds[turns[each.gates]].append(each)
    return [*chain.from_iterable(rounds.values())]
