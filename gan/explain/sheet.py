"""Draw the sheet: sections of captioned pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

from gan.images.contact_sheet import INK, PAPER, fit_text

CELL, GAP, COLUMNS = 236, 18, 5
"""Pixels of a picture's longer side, pixels between pictures, and pictures in a row."""
TITLE, TEXT, SMALL = 26, 16, 14
"""Letter heights in pixels: of a section's title, of its sentence, and below a picture."""
CAPTION = 2
"""Largest number of lines below a picture."""
SOFT = (110, 104, 110)


@dataclass(frozen=True)
class Tile:
    """A picture and the text below it."""

    image: Image.Image
    caption: str


@dataclass(frozen=True)
class Section:
    """A title, a sentence on how to read the pictures, and the pictures."""

    title: str
    sentence: str
    tiles: Sequence[Tile]


def draw_sheet(title: str, sections: Sequence[Section]) -> Image.Image:
    """Return a page of sections, one below the other."""
    width = COLUMNS * CELL + (COLUMNS + 1) * GAP
    blocks = [_block(section, width) for section in sections]
    top = TITLE + 3 * GAP
    page = Image.new("RGB", (width, top + sum(block.height for block in blocks)), PAPER)
    font = ImageFont.load_default(TITLE)
    text = fit_text(title, TITLE, width - 2 * GAP)
    ImageDraw.Draw(page).text((GAP, 1.5 * GAP), text, INK, font)
    for block in blocks:
        page.paste(block, (0, top))
        top += block.height
    return page


def _block(section: Section, width: int) -> Image.Image:
    """Return a section as a strip of the page's width."""
    sentence = wrap(section.sentence, int((width - 2 * GAP) / (0.52 * TEXT)))
    head = TITLE + GAP // 2 + len(sentence) * (TEXT + 4) + GAP
    shown = [_fitted(tile.image) for tile in section.tiles]
    rows = [range(at, min(at + COLUMNS, len(shown))) for at in range(0, len(shown), COLUMNS)]
    heights = [max(shown[at].height for at in row) for row in rows]
    below = CAPTION * (SMALL + 4) + GAP
    block = Image.new("RGB", (width, head + sum(heights) + len(rows) * below + GAP), PAPER)
    draw = ImageDraw.Draw(block)
    draw.line((GAP, 0, width - GAP, 0), SOFT)
    draw.text((GAP, GAP // 2), section.title, INK, ImageFont.load_default(TITLE - 4))
    for number, line in enumerate(sentence):
        place = (GAP, TITLE + GAP // 2 + number * (TEXT + 4))
        draw.text(place, line, SOFT, ImageFont.load_default(TEXT))
    top = head
    for row, height in zip(rows, heights, strict=True):
        for column, at in enumerate(row):
            left = GAP + column * (CELL + GAP)
            block.paste(shown[at], (left, top))
            for number, line in enumerate(_lines(section.tiles[at].caption)):
                place = (left, top + height + 4 + number * (SMALL + 4))
                draw.text(place, line, INK, ImageFont.load_default(SMALL))
        top += height + below
    return block


def _fitted(image: Image.Image) -> Image.Image:
    """Scale a picture to a longer side of CELL; enlarged pixels stay sharp."""
    scale = CELL / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    sharp = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS
    return image.convert("RGB").resize((width, height), sharp)


def _lines(caption: str) -> list[str]:
    """Wrap a caption to lines that fit below a picture."""
    lines = wrap(caption, int(CELL / (0.52 * SMALL)))[:CAPTION]
    return [fit_text(line, SMALL, CELL) for line in lines]
