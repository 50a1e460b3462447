"""Colors are converted as the standards say, and back."""

import numpy as np
import pytest

from gan.inference.video.color import LUMA, Colors, matrix_of

RAMP = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)


@pytest.mark.parametrize(("matrix", "full", "color", "yuv"), [
    (1, False, (255, 0, 0), (63, 102, 240)),  # ITU-R BT.709, 8-bit codes of 100 % red
    (1, False, (255, 255, 255), (235, 128, 128)),
    (1, False, (0, 0, 0), (16, 128, 128)),
    (5, False, (0, 255, 0), (145, 54, 34)),  # BT.601
    (9, False, (0, 0, 255), (29, 240, 119)),  # BT.2020
    (6, True, (255, 255, 255), (255, 128, 128)),
    (6, True, (0, 0, 255), (29, 255, 107)),  # JFIF
])  # fmt: skip
def test_colors_have_the_codes_of_the_standards(
    matrix: int, full: bool, color: tuple[int, ...], yuv: tuple[int, ...]
) -> None:
    found = Colors(matrix, full=full).to_yuv(np.full((2, 2, 3), color, np.uint8))
    assert np.abs(found.astype(int) - yuv).max() <= 1


@pytest.mark.parametrize("matrix", LUMA)
@pytest.mark.parametrize("full", [False, True])
def test_colors_come_back_within_two_levels(matrix: int, full: bool) -> None:
    colors = Colors(matrix, full=full)
    assert np.abs(colors.to_rgb(colors.to_yuv(RAMP)).astype(int) - RAMP).max() <= 2


def test_a_clip_without_a_matrix_is_taken_as_players_do() -> None:
    assert (matrix_of(2, 1080), matrix_of(2, 480), matrix_of(9, 480)) == (1, 5, 9)
    assert matrix_of(8, 480) is None
