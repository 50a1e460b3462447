"""Contact sheets: every image in its cell, every text within its width."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from gan.images.contact_sheet import MARGIN, PAPER, fit_text, grid, thumbnail

COLORS = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (0, 250, 250)]


@pytest.mark.parametrize("rows", [(), ("first row", "second row")])
def test_a_grid_shows_every_image_in_its_cell(rows: tuple[str, ...]) -> None:
    sizes = [(40, 30), (40, 30), (20, 10), (20, 10)]
    cells = [Image.new("RGB", size, color) for size, color in zip(sizes, COLORS, strict=True)]
    page = grid(("one", "two"), cells, rows=rows)
    lefts = []
    for color, image in zip(COLORS, cells, strict=True):
        found = Image.fromarray((np.asarray(page) == color).all(axis=-1)).getbbox()
        assert found is not None
        assert (found[2] - found[0], found[3] - found[1]) == image.size
        lefts.append(found[0])
    assert lefts[1] - lefts[0] == lefts[3] - lefts[2] == 40 + MARGIN
    assert page.getpixel((0, 0)) == PAPER
    assert (page.width == 2 * 40 + 3 * MARGIN) == (not rows)


def test_a_thumbnail_fits_and_a_damaged_file_has_none(tmp_path: Path) -> None:
    Image.new("RGB", (300, 150)).save(tmp_path / "wide.png")
    (tmp_path / "text.png").write_text("no image")
    image = thumbnail(tmp_path / "wide.png", 100)
    assert image is not None
    assert image.size == (100, 50)
    assert thumbnail(tmp_path / "text.png", 100) is None
    assert thumbnail(tmp_path / "wide.png", 100, max_megapixels=0.01) is None


@given(st.text(max_size=200), st.booleans())
def test_any_text_fits_its_width(text: str, keep_end: bool) -> None:
    line = fit_text(text, 13, 120, keep_end=keep_end)
    assert line.isascii()
    assert line.isprintable()
    assert ImageFont.load_default(13).getlength(line) <= 120
