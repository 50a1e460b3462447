"""Degradations of pictures: closed forms, and the same for 8 and 16 bits, color and gray."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from gan.config.tables.degradations import DEGRADATIONS, DegradationRow
from gan.images.degradations import degrade

Pixels = NDArray[np.uint8]
rows = pytest.mark.parametrize("name", DEGRADATIONS)


def apply(pixels: NDArray[np.integer], name: str, strength: float) -> NDArray[np.integer]:
    return degrade(pixels, name, strength, np.random.default_rng(0))


@pytest.fixture
def picture() -> Pixels:
    """A smooth picture with some texture, of different sides."""
    y, x = np.mgrid[:48, :64]
    waves = [np.sin(x / 5 + k) + np.cos(y / 7 - k) for k in range(3)]
    return (128 + 50 * np.stack(waves, 2)).clip(0, 255).astype(np.uint8)


def errors(row: DegradationRow, name: str, picture: Pixels) -> list[float]:
    changed = (apply(picture, name, strength).astype(float) for strength in row.fixed)
    return [float(np.abs(each - picture).mean()) for each in changed]


@rows
def test_type_and_shape_are_kept(name: str, picture: Pixels) -> None:
    _, strong = DEGRADATIONS[name].fixed
    for pixels in (picture, picture[:, :, :1], picture.astype(np.uint16) * 257):
        result = apply(pixels, name, strong)
        assert (result.dtype, result.shape) == (pixels.dtype, pixels.shape)
        assert not np.array_equal(result, pixels)


@rows
def test_the_neutral_strength_changes_nothing_and_the_strong_one_more_than_the_mild(
    name: str, picture: Pixels
) -> None:
    row = DEGRADATIONS[name]
    # JPEG has no lossless quality.
    np.testing.assert_allclose(
        apply(picture, name, row.neutral).astype(int), picture, atol=8 if name == "jpeg" else 0
    )
    mild, strong = errors(row, name, picture)
    assert 0 < mild < strong


@rows
def test_sixteen_bits_are_degraded_as_eight_bits_are(name: str, picture: Pixels) -> None:
    """Up to the rounding to 8 bits, in which filters of OpenCV differ by a level."""
    row = DEGRADATIONS[name]
    deep = apply(picture.astype(np.uint16) * 257, name, row.fixed[0])
    small = apply(picture, name, row.fixed[0])
    np.testing.assert_allclose(deep / 257, small, atol=1.5)


def test_noise_has_its_standard_deviation() -> None:
    gray = np.full((200, 200, 1), 128, np.uint8)
    assert apply(gray, "noise", 10).std() == pytest.approx(10, rel=0.02)


def test_blur_is_a_gaussian_filter(picture: Pixels) -> None:
    expected = gaussian_filter(picture.astype(float), (2, 2, 0), mode="mirror")
    np.testing.assert_allclose(apply(picture, "blur", 2), expected, atol=2)


def test_downscaling_by_two_keeps_the_means_of_blocks() -> None:
    board = (np.indices((32, 32)).sum(0) % 2 * 200).astype(np.uint8)[..., None]
    np.testing.assert_array_equal(apply(board, "downscale", 2), 100)


def test_brightness_multiplies_and_clips() -> None:
    levels = np.array([[[0], [100], [250]]], np.uint8)
    assert apply(levels, "brightness", 1.1).ravel().tolist() == [0, 110, 255]


def test_jpeg_is_near_to_that_of_opencv_at_equal_quality(picture: Pixels) -> None:
    _, file = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 40])
    theirs = np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR))[:, :, ::-1]
    ours = apply(picture, "jpeg", 40)
    assert np.abs(ours.astype(int) - theirs).mean() < 1.5
