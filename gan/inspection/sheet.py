"""The faults as a picture: thumbnails with their names, copies beside what they are copies of."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gan.images import ImageError, read_image
from gan.inspection.findings import Finding

SIDE = 168
"""Pixels a side of a thumbnail."""
GAP = 12
TEXT_SIZE = 12
LINES = 3
CARD_WIDTH, CARD_HEIGHT = 2 * SIDE + GAP, SIDE + 8 + LINES * (TEXT_SIZE + 4)
COLUMNS = 3
CARDS = 300
"""Faults that are shown at most, which makes a sheet of 24,000 lines."""
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
PAPER, INK, EMPTY, ALARM = (250, 246, 236), (20, 18, 60), (222, 216, 202), (170, 30, 20)


def draw_sheet(faults: Sequence[Finding], max_megapixels: float, complete: str) -> Image.Image:
    """A card for each fault, in their order; what does not fit is counted in the last line."""
    font = ImageFont.load_default(TEXT_SIZE)
    shown = faults[:CARDS]
    rows = max(1, -(-len(shown) // COLUMNS))
    size = (GAP + COLUMNS * (CARD_WIDTH + 2 * GAP), GAP + rows * (CARD_HEIGHT + GAP) + 2 * GAP)
    page = Image.new("RGB", size, PAPER)
    for number, fault in enumerate(shown):
        row, column = divmod(number, COLUMNS)
        place = (GAP + column * (CARD_WIDTH + 2 * GAP), GAP + row * (CARD_HEIGHT + GAP))
        page.paste(card(fault, font, max_megapixels), place)
    last = f"and {len(faults) - CARDS} more, all in {complete}" if len(faults) > CARDS else ""
    last = last if faults else "no faults"
    ImageDraw.Draw(page).text((GAP, size[1] - 2 * GAP), last, ALARM, font)
    return page


def card(fault: Finding, font: Font, max_megapixels: float) -> Image.Image:
    """One fault: its picture, the one it is a copy of, and under them what it is, and the names."""
    page = Image.new("RGB", (CARD_WIDTH, CARD_HEIGHT), PAPER)
    draw = ImageDraw.Draw(page)
    for column, path in enumerate(filter(None, (fault.path, fault.other))):
        left = column * (SIDE + GAP)
        draw.rectangle((left, 0, left + SIDE - 1, SIDE - 1), EMPTY)
        if small := thumbnail(path, max_megapixels):
            page.paste(small, (left + (SIDE - small.width) // 2, (SIDE - small.height) // 2))
    words = [f"{fault.kind}: {fault.detail}", *map(str, filter(None, (fault.path, fault.other)))]
    for line, text in enumerate(words):
        place = (0, SIDE + 4 + line * (TEXT_SIZE + 4))
        draw.text(place, fitted(text, font), INK if line else ALARM, font)
    return page


def thumbnail(path: Path, max_megapixels: float) -> Image.Image | None:
    """The picture within SIDE pixels, aspect kept; None where it cannot be read."""
    try:
        image = read_image(path, draft_size=SIDE, max_megapixels=max_megapixels)
    except ImageError:
        return None
    image.thumbnail((SIDE, SIDE))
    return image


def fitted(text: str, font: Font) -> str:
    """A line that fits under a card: in ASCII, which the font has, and cut at its beginning."""
    plain = text.encode("ascii", "backslashreplace").decode()
    plain = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in plain)
    return next(tail for tail in tails(plain) if font.getlength(tail) <= CARD_WIDTH)


def tails(text: str) -> Iterator[str]:
    """The text, and then ever shorter ends of it."""
    yield text
    for start in range(1, len(text) + 1):
        yield f"...{text[start:]}"
