"""Numbers with a range: read as 16 bits, written as numbers again."""

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from gan.images import ImageError, Picture, read_image, read_picture, read_pixels, write_picture
from gan.images.picture import read_with_traits
from gan.images.writer import scaling
from tests.data.test_crops import FILES

Array = NDArray[Any]
Range = tuple[float, float]

RNG = np.random.default_rng(0)
TWELVE = RNG.integers(0, 4096, (20, 30)).astype(np.uint16)
HU = RNG.integers(-1024, 3072, (20, 30)).astype(np.int16)
FLOATS = RNG.normal(0, 300, (20, 30)).astype(np.float32)
RGB = RNG.integers(0, 4096, (20, 30, 3)).astype(np.uint16)


def expected(numbers: Array, values: Range) -> Array:
    """Return the range scaled to 16 bits by the formula, clipped."""
    low, high = values
    unit: Array = (numbers.astype(np.float64) - low) / (high - low)
    return unit.clip(0, 1) * 65535


def stored(path: Path) -> Array:
    numbers: Any = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return np.asarray(numbers)


@pytest.mark.parametrize(
    ("numbers", "suffix", "values"),
    [
        (TWELVE, "tif", (0, 4095)),
        (TWELVE, "png", (0, 4095)),
        (TWELVE, "png", (1000, 2000)),
        (HU, "tif", (-1024, 3071)),
        (HU, "tif", (-160, 240)),
        (HU.astype(np.int32) * 100, "tif", (-1e5, 3e5)),
        (FLOATS, "tif", (-500, 500)),
        ((TWELVE >> 4).astype(np.uint8), "png", (16, 235)),
        ((TWELVE >> 4).astype(np.uint8), "tif", (0, 255)),
    ],
)
def test_numbers_are_scaled_to_16_bits_within_the_range(
    tmp_path: Path, numbers: Array, suffix: str, values: Range
) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "png":
        assert cv2.imwrite(str(path), numbers)
    else:
        tifffile.imwrite(path, numbers, photometric="minisblack")
    pixels = read_pixels(path, channels=1, values=values)
    assert pixels.dtype == np.uint16
    np.testing.assert_allclose(pixels[:, :, 0], expected(numbers, values), atol=1)
    assert np.array_equal(read_picture(path, channels=1, values=values).pixels, pixels)
    assert np.array_equal(read_pixels(path, values=values), pixels.repeat(3, axis=2))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_colors_and_their_transparency(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    assert cv2.imwrite(str(path), RGB[:, :, ::-1])
    scaled = expected(RGB, (0, 4095))
    np.testing.assert_allclose(read_pixels(path, values=(0, 4095)), scaled, atol=1)
    alpha = np.where(np.arange(30) < 10, 0, 65535).astype(np.uint16)[None].repeat(20, 0)
    if suffix == "png":
        assert cv2.imwrite(str(path), np.dstack([RGB[:, :, ::-1], alpha]))
    else:
        both = np.dstack([RGB, alpha])
        tifffile.imwrite(path, both, photometric="rgb", extrasamples=["unassalpha"])
    picture = read_picture(path, values=(0, 4095))
    on_white = np.where(alpha[:, :, None] == 0, 65535, scaled)
    np.testing.assert_allclose(picture.pixels, on_white, atol=1)
    assert picture.alpha is not None
    assert np.array_equal(picture.alpha, alpha)


def test_a_file_with_white_at_zero_is_inverted_within_the_range(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", TWELVE, photometric="miniswhite")
    pixels = read_pixels(tmp_path / "a.tif", channels=1, values=(0, 4095))
    np.testing.assert_allclose(pixels[:, :, 0], 65535 - expected(TWELVE, (0, 4095)), atol=1)


@pytest.mark.parametrize("name", FILES)
def test_without_a_range_pixels_equal_those_of_the_other_readers(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    FILES[name](path)
    pixels = read_pixels(path)
    if pixels.dtype == np.uint8:
        assert np.array_equal(pixels, np.asarray(read_image(path)))
    assert np.array_equal(pixels, read_picture(path).pixels)
    assert (pixels.dtype == np.uint16) == name.startswith(("deep", "float"))


@pytest.mark.parametrize("name", ["a.ppm", "a.pgm", "a.jp2", "a.avif"])
def test_formats_that_scale_their_numbers_reject_a_range(tmp_path: Path, name: str) -> None:
    image = Image.new("L" if name == "a.pgm" else "RGB", (20, 20))
    image.save(tmp_path / name)
    with pytest.raises(ImageError, match=rf"{name}: .* does not support a range"):
        read_pixels(tmp_path / name, values=(0, 4095))


def test_infinite_and_nan_numbers_are_rejected(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.where(FLOATS > 0, np.nan, FLOATS))
    with pytest.raises(ImageError, match=r"a\.tif: some of its values are infinite or NaN"):
        read_pixels(tmp_path / "a.tif", values=(-500, 500))


def test_planes_whose_numbers_cannot_be_read_are_rejected(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", RGB.transpose(2, 0, 1), photometric="rgb", planarconfig="separate"
    )
    with pytest.raises(ImageError, match=r"a\.tif: its 16-bit numbers cannot be read"):
        read_pixels(tmp_path / "a.tif", values=(0, 4095))


@pytest.mark.parametrize(
    ("values", "floats", "dtype"),
    [
        ((0, 255), False, np.uint8),
        ((0, 4095), False, np.uint16),
        ((-1024, 3071), False, np.int16),
        ((0, 100_000), False, np.int32),
        ((-1024, 3071), True, np.float32),
        ((0, 1), False, np.float32),
        ((-0.25, 0.75), True, np.float32),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_tiff_gets_numbers_of_the_smallest_type(
    tmp_path: Path, values: Range, floats: bool, dtype: type, channels: int
) -> None:
    pixels = RNG.integers(0, 65536, (20, 30, channels)).astype(np.uint16)
    path = tmp_path / "a.tif"
    picture = Picture(pixels, floats=floats, written=values)
    write_picture(picture, path)
    assert scaling(picture, path) == ()
    numbers = tifffile.imread(path)
    assert numbers.dtype == dtype
    low, high = values
    wanted = low + pixels.astype(np.float64) / 65535 * (high - low)
    tolerance = 1e-6 * (high - low) if dtype == np.float32 else 0.5
    np.testing.assert_allclose(numbers.reshape(pixels.shape), wanted, atol=tolerance)
    if channels == 1:  # and back, as far as the type has numbers for it
        again = read_pixels(path, channels=1, values=values).astype(float)
        assert abs(again - pixels).max() <= 65535 * (tolerance / (high - low)) + 1


def test_a_png_gets_integers_from_0_and_others_are_scaled_with_a_remark(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 65536, (20, 30, 1)).astype(np.uint16)
    path = tmp_path / "a.png"
    write_picture(Picture(pixels, written=(0, 4095)), path)
    numbers = stored(path)
    assert np.array_equal(numbers, np.rint(pixels[:, :, 0] * (4095 / 65535)))
    assert scaling(Picture(pixels, written=(0, 4095)), path) == ()
    for picture in (
        Picture(pixels, written=(-1024, 3071)),
        Picture(pixels, written=(0, 4095), floats=True),
    ):
        write_picture(picture, path)
        assert np.array_equal(stored(path), pixels[:, :, 0])
        (said,) = scaling(picture, path)
        assert "cannot hold numbers from" in said
    (said,) = scaling(Picture(pixels, written=(0, 4095)), tmp_path / "a.jpg")
    assert said.startswith(".jpg cannot hold numbers from 0 to 4095")


def test_unsigned_32_bit_numbers_may_exceed_the_signed_range(tmp_path: Path) -> None:
    numbers = np.linspace(0, 2**32 - 1, 600).astype(np.uint32).reshape(20, 30)
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric="minisblack")
    pixels = read_pixels(tmp_path / "a.tif", channels=1, values=(0, 2**32 - 1))
    np.testing.assert_allclose(pixels[:, :, 0], expected(numbers, (0, 2**32 - 1)), atol=1)


@pytest.mark.parametrize("values", [None, (-128, 127)])
def test_signed_8_bits_are_rejected(tmp_path: Path, values: Any) -> None:
    """Pillow would read -1 as 255."""
    tifffile.imwrite(tmp_path / "a.tif", np.arange(-50, 50, dtype=np.int8).reshape(10, 10))
    with pytest.raises(ImageError, match=r"a\.tif: signed 8-bit numbers"):
        read_pixels(tmp_path / "a.tif", channels=1, values=values)


@pytest.mark.parametrize(
    ("values", "suffix", "kept"),
    [((0, 255), "png", True), ((0, 4095), "tif", True), ((-1024, 3071), "tif", False)],
)
def test_transparency_of_numbers_is_kept_if_their_type_holds_it_or_it_is_reported(
    tmp_path: Path, values: Range, suffix: str, kept: bool
) -> None:
    pixels = RNG.integers(0, 65536, (20, 30, 3)).astype(np.uint16)
    alpha = np.where(np.arange(30) < 10, 0, 65535).astype(np.uint16)[None].repeat(20, 0)
    picture, path = Picture(pixels, alpha, written=values), tmp_path / f"a.{suffix}"
    write_picture(picture, path)
    bands = stored(path).shape[2] if suffix == "png" else tifffile.imread(path).shape[2]
    assert bands == (4 if kept else 3)
    assert scaling(picture, path) == (
        () if kept else ("dropped the transparency: int16 cannot hold it",)
    )


NUMBERS = ["uint16", "int16", "uint32", "int32", "float32", "float64"]


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("kind", ["minisblack", "miniswhite", "rgb"])
def test_numbers_of_every_type_byte_order_and_compression(
    tmp_path: Path, dtype: str, order: Any, compression: str | None, kind: str
) -> None:
    """tifffile writes them; Pillow alone would read compressed big-endian numbers wrongly."""
    signed = not dtype.startswith("u")
    numbers = RNG.uniform(-500 if signed else 0, 3500, (37, 41, 3)).astype(dtype)
    numbers = numbers if kind == "rgb" else numbers[:, :, 0]
    for tile in (None, (16, 16)):
        tifffile.imwrite(
            tmp_path / "a.tif",
            numbers,
            photometric=kind,
            byteorder=order,
            compression=compression,
            tile=tile,
        )
        wanted = expected(numbers, (-500, 3000))
        wanted = 65535 - wanted if kind == "miniswhite" else wanted
        wanted = wanted.reshape(37, 41, -1)
        channels: Any = wanted.shape[2]
        pixels = read_pixels(tmp_path / "a.tif", channels=channels, values=(-500, 3000))
        np.testing.assert_allclose(pixels, wanted, atol=1)
        picture = read_picture(tmp_path / "a.tif", channels=channels, values=(-500, 3000))
        assert np.array_equal(picture.pixels, pixels)
        assert picture.floats == dtype.startswith("f")


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint32", "int16"])
def test_colors_of_any_type_need_no_range_within_the_range_of_their_type(
    tmp_path: Path, dtype: str
) -> None:
    white = 1 if dtype.startswith("f") else 65535 if "32" in dtype else 32767
    numbers = RNG.uniform(0, white, (20, 30, 3)).astype(dtype)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, numbers, photometric="rgb")
    unit = numbers.astype(float) / (1 if dtype.startswith("f") else 65535)
    np.testing.assert_allclose(read_pixels(path), unit * 65535, atol=1)
    np.testing.assert_allclose(np.asarray(read_image(path)).astype(float), unit * 255, atol=0.51)
    tifffile.imwrite(path, numbers.astype("float64") - 2 * white, photometric="rgb")
    for read in (read_image, read_pixels, read_picture):
        with pytest.raises(ImageError, match=r"a\.tif: values from -.* data\.range_a"):
            read(path)


def test_float_colors_are_rotated_and_written_as_floats(tmp_path: Path) -> None:
    numbers = RNG.normal(0, 300, (20, 30, 3))
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    tifffile.imwrite(source, numbers, photometric="rgb", extratags=[(274, "H", 1, 6, True)])
    picture = read_picture(source, values=(-2000, 2000))
    upright = np.rot90(numbers, -1)
    np.testing.assert_allclose(picture.pixels, expected(upright, (-2000, 2000)), atol=1)
    write_picture(replace(picture, written=(-2000, 2000)), target)
    back = tifffile.imread(target)
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, upright, atol=0.1)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 300, -1])
@pytest.mark.parametrize("values", [None, (0, 1)])
def test_a_single_nan_is_found_in_any_row(
    tmp_path: Path, wrong: float, row: int, values: Range | None
) -> None:
    """Rows are read in blocks."""
    numbers = RNG.random((700, 20)).astype(np.float32)
    numbers[row, 7] = wrong
    tifffile.imwrite(tmp_path / "a.tif", numbers)
    with pytest.raises(ImageError, match=r"a\.tif: some of its values are infinite or NaN"):
        read_pixels(tmp_path / "a.tif", channels=1, values=values)


@pytest.mark.parametrize(
    ("dtype", "said"),
    [
        ("float16", "1 band of 16 bits, floats"),
        ("int64", "1 band of 64 bits, signed"),
        ("uint64", "1 band of 64 bits"),
        ("complex64", "1 band of 64 bits, complex"),
    ],
)
@pytest.mark.parametrize("big", [False, True])
def test_unsupported_numbers_are_named(tmp_path: Path, dtype: str, said: str, big: bool) -> None:
    tifffile.imwrite(tmp_path / "a.tif", TWELVE.astype(dtype), bigtiff=big)
    with pytest.raises(ImageError, match=rf"a\.tif: {said}; supported: gray and RGB of"):
        read_pixels(tmp_path / "a.tif", values=(0, 4095))


EIGHT = RNG.integers(0, 256, (20, 30)).astype(np.uint8)
ALPHA = np.where(np.arange(30) < 10, 0, np.where(np.arange(30) < 20, 128, 255)).astype(np.uint8)


@pytest.mark.parametrize("values", [(0, 4095), (16, 235)])
def test_8_and_16_bits_with_the_same_numbers_are_the_same(tmp_path: Path, values: Range) -> None:
    """Transparent pixels are on white, for every value of white in the file."""
    alpha = np.broadcast_to(ALPHA, EIGHT.shape)
    Image.fromarray(np.dstack([EIGHT, alpha]), "LA").save(tmp_path / "8.png")
    rgb = np.dstack([EIGHT] * 3)
    Image.fromarray(np.dstack([rgb, alpha])).save(tmp_path / "8rgb.png")
    deep = np.dstack([rgb.astype(np.uint16), alpha.astype(np.uint16) * 257])
    assert cv2.imwrite(str(tmp_path / "16.png"), deep)
    tifffile.imwrite(tmp_path / "8w.tif", EIGHT, photometric="miniswhite")
    tifffile.imwrite(tmp_path / "16w.tif", EIGHT.astype(np.uint16), photometric="miniswhite")
    for names in (("16.png", "8.png", "8rgb.png"), ("16w.tif", "8w.tif")):
        wanted, *others = (read_picture(tmp_path / name, values=values) for name in names)
        for other, name in zip(others, names[1:], strict=True):
            np.testing.assert_allclose(other.pixels, wanted.pixels, atol=1)
            assert np.array_equal(read_pixels(tmp_path / name, values=values), other.pixels)
            assert (other.alpha is None) == (wanted.alpha is None)
            assert other.alpha is None or np.array_equal(other.alpha, wanted.alpha)  # type: ignore[arg-type]
    clear = read_picture(tmp_path / "8.png", values=values).pixels[:, :10]
    assert np.array_equal(clear, np.full_like(clear, 65535))


def test_colors_multiplied_with_their_transparency_are_divided_before_a_range(
    tmp_path: Path,
) -> None:
    alpha = np.broadcast_to(ALPHA.astype(np.uint16) * 257, RGB.shape[:2])[:, :, None]
    numbers = (RGB // 2 + 1000).astype(np.uint16)
    straight, multiplied = tmp_path / "a.tif", tmp_path / "b.tif"
    tifffile.imwrite(straight, np.dstack([numbers, alpha]), photometric="rgb", extrasamples=[2])
    times = np.rint(numbers * (alpha / 65535)).astype(np.uint16)
    tifffile.imwrite(multiplied, np.dstack([times, alpha]), photometric="rgb", extrasamples=[1])
    pixels = [read_pixels(path, values=(1000, 3000)) for path in (straight, multiplied)]
    np.testing.assert_allclose(pixels[0], pixels[1], atol=40)  # a number is 33 of them


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_less_than_8_bits_reject_a_range(tmp_path: Path, bits: int) -> None:
    small = EIGHT >> (8 - bits)
    image = Image.fromarray(small * (255 // (2**bits - 1)))
    image.convert("1" if bits == 1 else "L").save(tmp_path / "a.png", bits=bits)
    Image.new("CMYK", (30, 20)).save(tmp_path / "b.tif")
    names = ("b.tif", "a.png") if bits == 1 else ("b.tif",)
    for name in names:
        with pytest.raises(ImageError, match=rf"{name}: a range requires gray or RGB with 8 bits"):
            read_pixels(tmp_path / name, values=(0, 15))


def test_white_of_12_bits_in_12_is_4095(tmp_path: Path) -> None:
    """Such a file is as bright as one of 16 bits; with a range its numbers are used."""
    flat = TWELVE.ravel()
    packed = np.empty(flat.size * 3 // 2, np.uint8)
    packed[0::3], packed[2::3] = flat[::2] >> 4, flat[1::2] & 255
    packed[1::3] = (flat[::2] & 15) << 4 | flat[1::2] >> 8
    entries = [
        (256, 3, 30), (257, 3, 20), (258, 3, 12), (259, 3, 1), (262, 3, 1), (273, 4, 200),
        (277, 3, 1), (278, 3, 20), (279, 4, packed.size),
    ]  # fmt: skip
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + bytes(4)
    (tmp_path / "a.tif").write_bytes(head.ljust(200, b"\0") + packed.tobytes())
    plain = read_pixels(tmp_path / "a.tif", channels=1)[:, :, 0]
    np.testing.assert_allclose(plain, TWELVE * (65535 / 4095), atol=1)
    half = read_pixels(tmp_path / "a.tif", channels=1, values=(0, 8190))[:, :, 0]
    np.testing.assert_allclose(half, TWELVE * (65535 / 8190), atol=1)
    _, traits = read_with_traits(tmp_path / "a.tif")
    assert traits.numbers is None


def test_transparency_does_not_count_as_a_number(tmp_path: Path) -> None:
    opaque = np.full((*RGB.shape[:2], 1), 65535, np.uint16)
    assert cv2.imwrite(str(tmp_path / "a.png"), np.dstack([RGB, opaque]))
    _, traits = read_with_traits(tmp_path / "a.png")
    assert traits.numbers is not None
    assert traits.numbers[1] < 4096


@pytest.mark.parametrize("photometric", ["rgb", "minisblack"])
@pytest.mark.parametrize("dtype", ["float32", "int32", "int16", "uint16"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_colors_in_planes_are_never_mixed_up(
    tmp_path: Path, photometric: str, dtype: str, compression: str | None
) -> None:
    """16-bit RGB is read in 8 bits; everything else is rejected with advice."""
    planes = np.moveaxis(RGB, 2, 0).astype(dtype)
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, planes, photometric=photometric, planarconfig="separate", compression=compression
    )
    for read in (read_image, read_pixels, read_with_traits):
        if (photometric, dtype) == ("rgb", "uint16"):
            read(path)
        else:
            with pytest.raises(
                ImageError, match=r"a\.tif: .* in separate planes; save the file with interleaved"
            ):
                read(path)
    if (photometric, dtype) == ("rgb", "uint16"):
        assert np.abs(np.asarray(read_image(path)) - RGB / 257).max() <= 1
        _, traits = read_with_traits(path)
        assert traits.numbers is None  # no range could read them
        assert "in planes" in traits.unusual["deep"]


def test_colors_are_shown_by_the_bits_that_they_fill(tmp_path: Path) -> None:
    """A colored image of 12 bits in 16 would look gray."""
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb")
    image, traits = read_with_traits(tmp_path / "a.tif")
    assert traits.numbers == (RGB.min(), RGB.max())
    np.testing.assert_allclose(np.asarray(image), RGB * (255 / 4095), atol=0.51)
