"""A picture of what was accepted and what was rejected: sources, translations, reasons."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gan.augment.decisions import Decided
from gan.images.contact_sheet import INK, PAPER, fit_text, thumbnail

CELL, GAP, TEXT = 192, 12, 13
"""Pixels of a picture's longer side, between pictures, of letters."""
ROWS = 8
"""Of each kind, at most."""
GOOD, BAD = (30, 120, 60), (180, 40, 40)


def sheet(decided: Sequence[Decided], root: Path, place: Callable[[Decided], Path]) -> Image.Image:
    """Accepted translations in the left half, rejected in the right, each after its source.

    They are spread evenly over all names; rejected ones for other reasons come first. `place` says
    where the file of a translation is.
    """
    accepted = [each for each in decided if each.decision == "accepted"]
    rejected = various([each for each in decided if each.decision == "rejected"])
    halves = [("accepted", GOOD, spread(accepted)), ("rejected", BAD, rejected[:ROWS])]
    rows = max(1, *(len(shown) for _, _, shown in halves))
    width, height = 2 * (CELL + GAP), CELL + 3 * TEXT + GAP
    page = Image.new("RGB", (2 * width + 3 * GAP, (rows * height) + 4 * TEXT), PAPER)
    draw = ImageDraw.Draw(page)
    totals = (len(accepted), len(rejected))
    for column, ((title, color, shown), total) in enumerate(zip(halves, totals, strict=True)):
        left = GAP + column * (width + GAP)
        write(draw, (left, TEXT), f"{title}: {len(shown)} of {total}", color)
        for row, each in enumerate(shown):
            top = 4 * TEXT + row * height
            for number, path in enumerate((root / each.task.item.image, place(each))):
                # All of them were read before, whatever their size.
                if small := thumbnail(path, CELL, max_megapixels=float("inf")):
                    page.paste(small, (left + number * (CELL + GAP), top))
            lines = each.task.output.as_posix(), "; ".join(each.reasons) or scores_text(each)
            name, reason = (fit_text(line, TEXT, 2 * CELL + GAP) for line in lines)
            write(draw, (left, top + CELL + 2), name, INK)
            write(draw, (left, top + CELL + 4 + TEXT), reason, color)
    return page


def spread(decided: Sequence[Decided]) -> Sequence[Decided]:
    """ROWS of them at most, from all over the list."""
    step = max(1, -(-len(decided) // ROWS))
    return decided[::step]


def various(decided: Sequence[Decided]) -> list[Decided]:
    """In an order in which every kind of reason soon has its turn."""
    turns: dict[tuple[str, ...], int] = {}
    ranks = []
    for each in decided:
        turns[each.gates] = turns.get(each.gates, 0) + 1
        ranks.append(turns[each.gates])
    order = sorted(range(len(decided)), key=lambda index: (ranks[index], index))
    return [decided[index] for index in order]


def scores_text(each: Decided) -> str:
    return ", ".join(
        f"{name} {value:.2f}" for name, value in (each.scores or {}).items() if value is not None
    )


def write(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, color: tuple[int, ...]
) -> None:
    draw.text(at, text, color, ImageFont.load_default(TEXT))
