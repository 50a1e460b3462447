"""Sizes and pixels of the two resizes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gan.images import resize_short, resize_square

SIDES = st.integers(1, 90)


@given(width=SIDES, height=SIDES, size=SIDES)
def test_short_keeps_the_aspect_to_half_a_pixel(width: int, height: int, size: int) -> None:
    resized = resize_short(Image.new("L", (width, height)), size)
    assert min(resized.size) == size
    short = min(width, height)  # in integers: halves must not fall to rounding
    assert 2 * abs(resized.width * short - width * size) <= short
    assert 2 * abs(resized.height * short - height * size) <= short


def test_an_image_of_the_right_size_is_returned_as_it_is() -> None:
    image = Image.new("RGB", (20, 30))
    assert resize_short(image, 20) is image
    square = Image.new("RGB", (20, 20))
    assert resize_square(square, 20) is square
    assert resize_square(image, 20).size == (20, 20)


@pytest.mark.parametrize("size", [13, 50])
def test_pixels_are_those_of_a_bicubic_that_filters_before_it_shrinks(size: int) -> None:
    """Against the convolution written out: Keys' kernel, a = -1/2, widened when shrinking."""
    values = np.random.default_rng(0).integers(40, 216, (31, 31)).astype(np.uint8)
    scale = 31 / size
    width = max(scale, 1.0)
    centers = (np.arange(size) + 0.5) * scale
    x = np.abs((np.arange(31)[None] + 0.5 - centers[:, None]) / width)
    kernel = np.where(
        x < 1, 1.5 * x**3 - 2.5 * x**2 + 1, (-0.5 * x**3 + 2.5 * x**2 - 4 * x + 2) * (x < 2)
    )
    kernel /= kernel.sum(1, keepdims=True)
    expected = np.clip(kernel @ values @ kernel.T, 0, 255)
    for resize in (resize_square, resize_short):
        actual = np.asarray(resize(Image.fromarray(values), size)).astype(float)
        np.testing.assert_allclose(actual, expected, atol=1.5)
