"""Sizes from coarse to fine."""

import pytest
from PIL import Image

from gan.stylize.scene import ladder


@pytest.mark.parametrize(("shape", "size", "sizes", "expected"), [
    ((640, 480), 512, [], [128, 256, 512]),
    ((640, 480), 200, [], [200]),
    ((480, 640), None, [], [160, 320, 640]),
    ((640, 480), 2000, [], [160, 320, 640]),  # never larger than the photograph
    ((640, 480), 512, [100, 300], [100, 300, 512]),
    ((640, 480), 512, [512], [512]),
    ((100, 80), 512, [64, 300], [64, 100]),
    ((640, 40), 512, [], [256, 512]),  # 128 x 8 would be too thin
])  # fmt: skip
def test_sizes_rise_to_the_chosen_one(
    shape: tuple[int, int], size: int | None, sizes: list[int], expected: list[int]
) -> None:
    assert ladder(Image.new("RGB", shape), size, sizes) == expected
