"""A labelled contact sheet."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

MARGIN = 16
TITLE_SIZE = 22
PAPER, TEXT = (250, 246, 236), (20, 18, 60)


def sheet(titles: Sequence[str], rows: Sequence[Sequence[Image.Image]]) -> Image.Image:
    """Lay out rows of images under one row of column titles, on paper.

    All cells have the size of the largest image; smaller ones are centered.
    """
    assert all(len(row) == len(titles) for row in rows)
    width = max(image.width for row in rows for image in row)
    height = max(image.height for row in rows for image in row)
    top = MARGIN + TITLE_SIZE + MARGIN
    page = Image.new(
        "RGB",
        (
            MARGIN + len(titles) * (width + MARGIN),
            top + len(rows) * (height + MARGIN),
        ),
        PAPER,
    )
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(TITLE_SIZE)
    for column, title in enumerate(titles):
        center = MARGIN + column * (width + MARGIN) + width / 2
        draw.text((center, top / 2), title, TEXT, font, anchor="mm")
    for number, row in enumerate(rows):
        for column, image in enumerate(row):
            left = MARGIN + column * (width + MARGIN) + (width - image.width) // 2
            page.paste(
                image, (left, top + number * (height + MARGIN) + (height - image.height) // 2)
            )
    return page
