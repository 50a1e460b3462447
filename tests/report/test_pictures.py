"""Pictures are shrunk to fit a number of bytes, with a remark."""

import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gan.report.pictures import SIDES, inline, shelve, shrunk, spread


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    shape = (height, width, 3) if mode == "RGB" else (height, width)
    return Image.fromarray(np.random.default_rng(0).integers(256, size=shape, dtype=np.uint8))


@given(st.integers(0, 300), st.integers(0, 60))
def test_indices_are_spread_from_the_first_to_the_last(count: int, wanted: int) -> None:
    found = spread(count, wanted)
    assert found == sorted(set(found))
    assert len(found) == min(count, wanted)
    if wanted > 1 and count:
        assert (found[0], found[-1]) == (0, count - 1)
        gaps = np.diff(found)
        assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_small_picture_is_inlined_losslessly(mode: str) -> None:
    image = noise(31, 17, mode)
    made = inline(image)
    kind, _, encoded = made.uri.partition(";base64,")
    assert kind == "data:image/png"
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as decoded:
        np.testing.assert_array_equal(np.asarray(decoded), np.asarray(image))
    assert (made.width, made.height) == (31, 17)


def test_pictures_are_shrunk_until_they_fit_and_no_further() -> None:
    images = [noise(600, 300) for _ in range(3)]
    whole, remark = shelve(images, 10_000_000)
    assert remark is None
    assert [(p.width, p.height) for p in whole] == [(600, 300)] * 3
    shelf, remark = shelve(images, 200_000)
    assert sum(len(picture.uri) for picture in shelf) <= 200_000
    side = shelf[0].width
    larger = SIDES[SIDES.index(side) - 1]
    assert 3 * len(inline(shrunk(images[0], larger)).uri) > 200_000
    assert remark == f"3 pictures are shown smaller than they are, {side} pixels at most."


def test_shrinking_keeps_the_aspect_and_never_enlarges() -> None:
    assert shrunk(noise(400, 100), 200).size == (200, 50)
    assert shrunk(noise(400, 1), 40).size == (40, 1)
    image = noise(20, 10)
    assert shrunk(image, 40) is image
