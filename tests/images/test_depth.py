"""16 bits, floats, palettes and transparency: every kind of pixel, as 8-bit levels."""

import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from gan.images import ImageError, read_image, to_channels

Array = NDArray[Any]

Y, X = np.mgrid[:40, :50]
GREY16 = np.rint((X + Y) * (65535 / 88)).astype(np.uint16)
RGB16 = np.stack([GREY16, X * 1300, 65535 - Y * 1600], -1).astype(np.uint16)


def levels(path: Path) -> Array:
    return np.asarray(read_image(path)).astype(float)


def assert_gray(path: Path, expected: Array) -> None:
    """Check that levels are equal after rounding, for both numbers of channels."""
    np.testing.assert_allclose(levels(path), expected[..., None].repeat(3, -1), atol=0.51)
    np.testing.assert_allclose(np.asarray(read_image(path, channels=1)), expected, atol=0.51)


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm", "jp2"])
def test_16_bit_gray_is_scaled_not_clipped(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    lossless = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000] if suffix == "jp2" else []
    assert cv2.imwrite(str(path), GREY16, lossless)
    assert_gray(path, GREY16 / 257)


@pytest.mark.parametrize(
    ("order", "photometric"), [("<", "minisblack"), (">", "minisblack"), ("<", "miniswhite")]
)
def test_16_bit_gray_tiff_in_either_byte_order_and_polarity(
    tmp_path: Path, order: Any, photometric: str
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY16, photometric=photometric, byteorder=order)
    expected = GREY16 if photometric == "minisblack" else 65535 - GREY16.astype(int)
    assert_gray(tmp_path / "a.tif", expected / 257)


@pytest.mark.parametrize("suffix", ["png", "tif", "ppm", "jp2"])
def test_16_bit_color(tmp_path: Path, suffix: str) -> None:
    """Pillow's high byte is at most a level below; its JPEG 2000 would turn white to black."""
    path = tmp_path / f"a.{suffix}"
    lossless = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000] if suffix == "jp2" else []
    assert cv2.imwrite(str(path), RGB16[..., ::-1], lossless)
    np.testing.assert_allclose(levels(path), RGB16 / 257, atol=1)


def test_16_bit_color_in_a_bare_jpeg_2000_codestream(tmp_path: Path) -> None:
    data = cv2.imencode(".jp2", RGB16[..., ::-1])[1].tobytes()
    (tmp_path / "a.jp2").write_bytes(data)
    (tmp_path / "a.j2k").write_bytes(data[data.index(b"\xff\x4f\xff\x51") :])
    np.testing.assert_array_equal(levels(tmp_path / "a.j2k"), levels(tmp_path / "a.jp2"))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_color_with_alpha_is_put_on_white(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    assert cv2.imwrite(str(path), np.dstack([RGB16[..., ::-1], GREY16]))
    alpha = GREY16[..., None] / 65535
    expected = RGB16 / 257 * alpha + 255 * (1 - alpha)
    np.testing.assert_allclose(levels(path), expected, atol=2)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("rows", [16, 40])
@pytest.mark.parametrize("orientation", [1, 6])
def test_16_bit_tiff_with_a_plane_for_each_channel(
    tmp_path: Path, order: Any, rows: int, orientation: int
) -> None:
    """Pillow alone would return noise."""
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.ascontiguousarray(RGB16.transpose(2, 0, 1)),
        photometric="rgb",
        planarconfig="separate",
        byteorder=order,
        rowsperstrip=rows,
        extratags=[(274, "H", 1, orientation, True)],
    )
    expected = RGB16 / 257 if orientation == 1 else np.rot90(RGB16 / 257, -1)
    np.testing.assert_allclose(levels(tmp_path / "a.tif"), expected, atol=1)


def test_16_bit_transparent_colors_become_white(tmp_path: Path) -> None:
    key = tuple(int(value) for value in RGB16[3, 7])
    data = cv2.imencode(".png", RGB16[..., ::-1])[1].tobytes()
    (tmp_path / "rgb.png").write_bytes(with_chunk(data, b"tRNS", np.array(key, ">u2").tobytes()))
    data = cv2.imencode(".png", GREY16)[1].tobytes()
    gray_key = GREY16[3:4, 7].astype(">u2").tobytes()
    (tmp_path / "grey.png").write_bytes(with_chunk(data, b"tRNS", gray_key))

    rgb, gray = levels(tmp_path / "rgb.png"), levels(tmp_path / "grey.png")
    np.testing.assert_array_equal(rgb[3, 7], 255)
    np.testing.assert_allclose(rgb[20:], RGB16[20:] / 257, atol=1)
    expected = np.where(GREY16[3, 7] == GREY16, 65535, GREY16) / 257
    np.testing.assert_allclose(gray[..., 0], expected, atol=0.51)


def with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    """Return a PNG with one more chunk before its pixels."""
    checked = kind + data
    chunk = struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))
    at = png.index(b"IDAT") - 4
    return png[:at] + chunk + png[at:]


def test_floats_from_0_to_1_are_scaled_and_others_rejected(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    values = (GREY16 / 65535).astype(np.float32)
    tifffile.imwrite(path, values)
    assert_gray(path, values * 255)
    for wrong, said in [(values * 1.5, "1.5"), (values - 1, "-1")]:
        tifffile.imwrite(path, wrong)
        text = rf"a\.tif: values from .*{said}.* between 0 and 1, unless"
        with pytest.raises(ImageError, match=text):
            read_image(path)
    for wrong in (values * np.nan, values + np.inf):
        tifffile.imwrite(path, wrong)
        with pytest.raises(ImageError, match=r"a\.tif: some of its values are infinite or NaN"):
            read_image(path)


def test_32_bit_integers_are_read_as_16_bits_or_rejected(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY16.astype(np.uint32))
    assert_gray(path, GREY16 / 257)
    tifffile.imwrite(path, GREY16.astype(np.uint32) * 2)
    with pytest.raises(ImageError, match=r"values from 0 to 131070; .* between 0 and 65535"):
        read_image(path)


@pytest.mark.parametrize("suffix", ["png", "tif", "gif", "bmp"])
def test_palettes_and_one_bit(tmp_path: Path, suffix: str) -> None:
    palette = np.random.default_rng(0).integers(0, 256, (256, 3)).astype(np.uint8)
    indices = np.random.default_rng(1).integers(0, 256, (20, 30)).astype(np.uint8)
    image = Image.fromarray(indices)
    image.putpalette(palette.tobytes())
    image.save(tmp_path / f"p.{suffix}")
    np.testing.assert_array_equal(levels(tmp_path / f"p.{suffix}"), palette[indices])

    bits = indices > 128
    Image.fromarray(bits).save(tmp_path / f"1.{suffix}")
    assert_gray(tmp_path / f"1.{suffix}", bits * 255.0)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("suffix", ["png", "webp", "tif"])
def test_alpha_is_put_on_white(tmp_path: Path, mode: str, suffix: str) -> None:
    pixels = (np.dstack([RGB16, GREY16]) >> 8).astype(np.uint8)
    pixels = pixels if mode == "RGBA" else pixels[..., 2:]
    image = Image.frombytes(mode, (50, 40), pixels.tobytes())
    options: dict[str, Any] = {"lossless": True} if suffix == "webp" else {}
    image.save(tmp_path / f"a.{suffix}", **options)
    alpha = pixels[..., -1:] / 255
    expected = (pixels[..., :-1] * alpha + 255 * (1 - alpha)) * np.ones(3)
    np.testing.assert_allclose(levels(tmp_path / f"a.{suffix}"), expected, atol=1)
    if mode == "LA":
        gray = np.asarray(read_image(tmp_path / f"a.{suffix}", channels=1))
        np.testing.assert_allclose(gray, expected[..., 0], atol=1)


def test_hidden_colors_do_not_show(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (200, 0, 0, 0)).save(tmp_path / "a.png")
    assert (levels(tmp_path / "a.png") == 255).all()


@pytest.mark.parametrize("transparency", [3, bytes([255, 128, 0, 64])], ids=["one", "each"])
def test_transparent_palettes_are_put_on_white(tmp_path: Path, transparency: int | bytes) -> None:
    colors = np.array([[0, 0, 0], [200, 100, 50], [10, 20, 30], [90, 80, 70]])
    image = Image.fromarray((X % 4).astype(np.uint8))
    image.putpalette(colors.astype(np.uint8).tobytes())
    image.save(tmp_path / "a.png", transparency=transparency)
    alpha = np.array(list(transparency)) if isinstance(transparency, bytes) else [255] * 3 + [0]
    weight = np.array(alpha)[:, None] / 255
    expected = (colors * weight + 255 * (1 - weight))[X % 4]
    np.testing.assert_allclose(levels(tmp_path / "a.png"), expected, atol=1)


def test_a_transparent_color_in_png_becomes_white(tmp_path: Path) -> None:
    pixels = np.stack([X * 5, Y * 6, X * 0], -1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "rgb.png", transparency=(50, 60, 0))
    Image.fromarray(pixels[..., 0]).save(tmp_path / "l.png", transparency=50)
    expected = pixels.astype(float)
    expected[10, 10] = 255
    np.testing.assert_array_equal(levels(tmp_path / "rgb.png"), expected)
    gray = np.where(pixels[..., 0] == 50, 255.0, pixels[..., 0])
    assert_gray(tmp_path / "l.png", gray)


def test_a_palette_with_alpha_from_memory() -> None:
    image = Image.new("RGBA", (4, 4), (255, 0, 0, 128)).convert("PA")
    np.testing.assert_allclose(np.asarray(to_channels(image, 3))[0, 0], [255, 127, 127], atol=1)
