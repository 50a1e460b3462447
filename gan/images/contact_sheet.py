"""Contact sheets: a grid of images with titles."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gan.config.choices import MAX_MEGAPIXELS
from gan.images.formats import ImageError
from gan.images.picture import read_with_traits
from gan.system.text import printable

PAPER, INK = (250, 246, 236), (20, 18, 60)
MARGIN = 16
"""Pixels around the cells of a grid."""


def grid(
    columns: Sequence[str],
    cells: Sequence[Image.Image],
    *,
    rows: Sequence[str] = (),
    corner: str = "",
    text_size: int = 20,
) -> Image.Image:
    """Return a page with the images `cells`, row by row, below the column titles `columns`.

    `rows` are titles on the left, and `corner` is the text above them. All cells are as wide as the
    widest image and as high as the highest; smaller images are centered.
    """
    assert len(cells) % len(columns) == 0
    font = ImageFont.load_default(text_size)
    width, height = (max(side) for side in zip(*(cell.size for cell in cells), strict=True))
    left = round(max(map(font.getlength, [corner, *rows]))) + (2 if rows else 1) * MARGIN
    top = text_size + 2 * MARGIN
    lefts = [left + column * (width + MARGIN) for column in range(len(columns))]
    tops = [top + row * (height + MARGIN) for row in range(len(cells) // len(columns))]
    page = Image.new("RGB", (lefts[-1] + width + MARGIN, tops[-1] + height + MARGIN), PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((left / 2, top / 2), corner, INK, font, anchor="mm")
    for x, text in zip(lefts, columns, strict=True):
        draw.text((x + width / 2, top / 2), text, INK, font, "mm")
    for y, text in zip(tops, rows, strict=False):
        draw.text((left / 2, y + height / 2), text, INK, font, "mm")
    for cell, (y, x) in zip(cells, product(tops, lefts), strict=True):
        page.paste(cell, (x + (width - cell.width) // 2, y + (height - cell.height) // 2))
    return page


def thumbnail(
    path: Path, side: int, *, max_megapixels: float = MAX_MEGAPIXELS
) -> Image.Image | None:
    """Return an image scaled to fit side x side pixels, or None if it cannot be read."""
    try:
        image, _ = read_with_traits(path, draft_size=side, max_megapixels=max_megapixels)
    except ImageError:
        return None
    image.thumbnail((side, side))
    return image


def fit_text(text: str, size: int, width: int, *, keep_end: bool = False) -> str:
    """Return a string as ASCII, shortened to at most `width` pixels at font size `size`.

    The font has only ASCII characters; others are escaped. With `keep_end` the beginning is cut:
    file names often differ only at their ends.
    """
    font = ImageFont.load_default(size)
    plain = printable(text).encode("ascii", "backslashreplace").decode()
    if font.getlength(plain) <= width:
        return plain
    # Every letter is at least one pixel wide; names may be long.
    plain = plain[-width:] if keep_end else plain[:width]
    while font.getlength(f"{plain}...") > width:
        plain = plain[1:] if keep_end else plain[:-1]
    return f"...{plain}" if keep_end else f"{plain}..."
