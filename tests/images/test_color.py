"""Color profiles, compared with arithmetic in this file."""

import struct
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms

from gan.images import read_image, to_channels, write_image

Array = NDArray[Any]

# Red, green and blue of sRGB in XYZ, adapted to D50, a row each (Lindbloom, Bradford).
SRGB_TO_XYZ = np.array(
    [
        [0.4360747, 0.2225045, 0.0139322],
        [0.3850649, 0.7168786, 0.0971045],
        [0.1430804, 0.0606169, 0.7141733],
    ]
)
D50 = (0.9642, 1.0, 0.8249)
COLORS = np.stack(np.meshgrid(*[np.arange(0, 256, 51)] * 3), -1).reshape(12, 18, 3)
COLORS = COLORS.astype(np.uint8)


def encoded(linear: Array) -> Array:
    """Return linear light in [0, 1] as sRGB levels (IEC 61966-2-1)."""
    linear = linear.clip(0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def lab_to_srgb(lab: Array) -> Array:
    """Return CIE 1976 L*a*b* under D50 as sRGB levels."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * D50
    return encoded(xyz @ np.linalg.inv(SRGB_TO_XYZ))


def fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def xyz_tag(values: Any) -> bytes:
    return b"XYZ \0\0\0\0" + fixed(*values)


def gamma_tag(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(gamma * 256), 0)


def profile(device: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Return an ICC profile, version 2.4 (ICC.1:2001-04, sections 6.1 and 6.2)."""
    offset = 132 + 12 * len(tags)
    table = struct.pack(">I", len(tags))
    for name, data in tags.items():
        table += struct.pack(">4sII", name, offset, len(data))
        offset += len(data)
    signatures = device, space, connection, b"acsp"
    header = struct.pack(">I4xI4s4s4s12x4s28x", offset, 0x02400000, *signatures)
    return header + fixed(*D50) + bytes(48) + table + b"".join(tags.values())


def sampled_tag(curve: Array) -> bytes:
    samples = bytes(np.rint(curve * 65535).astype(">u2"))
    return b"curv\0\0\0\0" + struct.pack(">I", len(curve)) + samples


def rgb_profile(primaries: Array, curve: float | bytes) -> bytes:
    tags = {b"wtpt": xyz_tag(D50)}
    curve = curve if isinstance(curve, bytes) else gamma_tag(curve)
    for name, xyz in zip("rgb", primaries, strict=True):
        tags |= {f"{name}XYZ".encode(): xyz_tag(xyz), f"{name}TRC".encode(): curve}
    return profile(b"mntr", b"RGB ", b"XYZ ", tags)


def cmyk_profile(lab: Array) -> bytes:
    """Return a profile that interpolates the Lab of the 16 corners of CMYK (2, 2, 2, 2, 3)."""
    ramp = bytes(range(256))
    grid = np.rint(lab * (2.55, 1, 1) + (0, 128, 128)).astype(np.uint8).tobytes()
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    tags = {b"wtpt": xyz_tag(D50), b"A2B0": table + ramp * 4 + grid + ramp * 3}
    return profile(b"prtr", b"CMYK", b"Lab ", tags)


def read_back(image: Image.Image, path: Path, **options: Any) -> Array:
    image.save(path, **options)
    return np.asarray(read_image(path)).astype(int)


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
def test_a_profile_with_other_primaries_and_gamma_is_converted_to_srgb(
    tmp_path: Path, suffix: str
) -> None:
    """Red and green swapped, linear light: the levels follow from the formula of sRGB."""
    swapped = rgb_profile(SRGB_TO_XYZ[[1, 0, 2]], 1.0)
    lossless = {"lossless": True} if suffix == "webp" else {}
    image = Image.fromarray(COLORS)
    actual = read_back(image, tmp_path / f"a.{suffix}", icc_profile=swapped, **lossless)
    expected = encoded(COLORS[..., [1, 0, 2]] / 255)
    np.testing.assert_allclose(actual, expected, atol=2)
    assert np.abs(actual - COLORS).max() > 50


def test_transparency_is_composited_after_the_profile(tmp_path: Path) -> None:
    alpha = Image.linear_gradient("L").resize((18, 12))
    image = Image.fromarray(COLORS)
    image.putalpha(alpha)
    actual = read_back(image, tmp_path / "a.png", icc_profile=rgb_profile(SRGB_TO_XYZ, 1.0))
    weight = np.asarray(alpha)[..., None] / 255
    expected = encoded(COLORS / 255) * weight + 255 * (1 - weight)
    np.testing.assert_allclose(actual, expected, atol=2)


@pytest.mark.parametrize("variant", ["formula", "sampled"])
def test_srgb_profiles_change_nothing(tmp_path: Path, variant: str) -> None:
    """For every variant; the sampled curve alone would change some levels by one."""
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    if variant == "sampled":
        x = np.linspace(0, 1, 32)
        linear = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
        icc = rgb_profile(SRGB_TO_XYZ.round(4), sampled_tag(linear))
    pixels = np.random.default_rng(0).integers(0, 256, (200, 200, 3)).astype(np.uint8)
    actual = read_back(Image.fromarray(pixels), tmp_path / "a.png", icc_profile=icc)
    np.testing.assert_array_equal(actual, pixels)


def test_a_gray_profile_is_applied_to_gray(tmp_path: Path) -> None:
    tags = {b"wtpt": xyz_tag(D50), b"kTRC": gamma_tag(1.5)}
    icc = profile(b"mntr", b"GRAY", b"XYZ ", tags)
    levels = np.arange(256, dtype=np.uint8)[None].repeat(8, 0)
    actual = read_back(Image.fromarray(levels), tmp_path / "a.png", icc_profile=icc)
    np.testing.assert_allclose(actual[..., 0], encoded((levels / 255) ** 1.5), atol=2)
    assert (actual == actual[..., :1]).all()
    assert np.abs(actual[..., 0] - levels).max() > 20
    opaque = Image.merge("LA", (Image.fromarray(levels), Image.new("L", (256, 8), 255)))
    np.testing.assert_array_equal(read_back(opaque, tmp_path / "la.png", icc_profile=icc), actual)
    grey = read_image(tmp_path / "a.png", channels=1)
    np.testing.assert_array_equal(np.asarray(grey), actual[..., 0])


def test_gray_with_an_rgb_profile_is_taken_as_neutral_rgb(tmp_path: Path) -> None:
    levels = np.arange(256, dtype=np.uint8)[None].repeat(8, 0)
    path = tmp_path / "a.png"
    actual = read_back(Image.fromarray(levels), path, icc_profile=rgb_profile(SRGB_TO_XYZ, 1.0))
    np.testing.assert_allclose(actual[..., 1], encoded(levels / 255), atol=2)


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_cmyk_goes_through_its_profile(tmp_path: Path, suffix: str) -> None:
    """The profile has a color for each corner of CMYK; paper is white, black ink is black."""
    linear = np.random.default_rng(0).uniform(0.05, 0.9, (16, 3))  # displayable, so not clipped
    f = np.cbrt(linear @ SRGB_TO_XYZ / D50)
    y = f[:, 1]
    lab = np.stack([116 * y - 16, 500 * (f[:, 0] - y), 200 * (y - f[:, 2])], -1)
    lab[0], lab[1::2] = (100, 0, 0), 0
    inks = np.array(np.meshgrid(*[[0, 255]] * 4, indexing="ij")).reshape(4, 16).T
    pixels = inks.astype(np.uint8).reshape(4, 4, 4).repeat(8, 0).repeat(8, 1)
    image = Image.frombytes("CMYK", (32, 32), pixels.tobytes())
    options = {"quality": 100} if suffix == "jpg" else {}
    icc = cmyk_profile(lab)
    actual = read_back(image, tmp_path / f"a.{suffix}", icc_profile=icc, **options)
    expected = lab_to_srgb(np.rint(lab * (2.55, 1, 1)) / (2.55, 1, 1)).reshape(4, 4, 3)
    np.testing.assert_allclose(actual[4::8, 4::8], expected, atol=3)


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_cmyk_without_a_profile_is_white_minus_ink(tmp_path: Path, suffix: str) -> None:
    """Also in JPEG, where Adobe's convention stores the inks inverted."""
    inks = np.array([[0, 0, 0, 0], [255, 0, 0, 0], [0, 128, 0, 0], [0, 0, 255, 0], [0, 0, 0, 200]])
    pixels = inks.astype(np.uint8)[None].repeat(16, 0).repeat(16, 1)
    image = Image.frombytes("CMYK", (80, 16), pixels.tobytes())
    options = {"quality": 100} if suffix == "jpg" else {}
    actual = read_back(image, tmp_path / f"a.{suffix}", **options)[8, 8::16]
    expected = (255 - inks[:, :3]) * (255 - inks[:, 3:]) / 255
    np.testing.assert_allclose(actual, expected, atol=3)


def test_lab_is_converted_to_srgb(tmp_path: Path) -> None:
    """By its definition; a color profile in the file changes nothing."""
    lab = np.array([[50, 0, 0], [60, 40, 20], [40, 20, -50], [70, -30, 40], [100, 0, 0]])
    stored = np.rint(lab * (2.55, 1, 1)).astype(np.int64)
    pixels = stored[None].astype(np.uint8)
    icc = rgb_profile(SRGB_TO_XYZ, 1.0)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="cielab", iccprofile=icc)
    actual = np.asarray(read_image(tmp_path / "a.tif"))[0]
    np.testing.assert_allclose(actual, lab_to_srgb(stored / (2.55, 1, 1)), atol=2)


@pytest.mark.parametrize(
    "broken",
    [
        b"not a profile",
        rgb_profile(SRGB_TO_XYZ, 1.0)[:200],
        rgb_profile(SRGB_TO_XYZ, 1.0).replace(b"RGB ", b"XXXX"),
        cmyk_profile(np.zeros((16, 3))),
    ],
    ids=["junk", "cut", "unknown space", "for CMYK"],
)
def test_a_profile_that_cannot_be_used_is_ignored_with_one_warning(
    tmp_path: Path, broken: bytes
) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(COLORS).save(path, icc_profile=broken)
    with pytest.warns(UserWarning, match=r"photo\.png: ICC profile ignored") as caught:
        image = read_image(path)
    assert len(caught) == 1
    np.testing.assert_array_equal(np.asarray(image), COLORS)


def test_the_result_carries_no_profile_to_be_applied_twice(tmp_path: Path) -> None:
    icc = rgb_profile(SRGB_TO_XYZ, 1.0)
    first = read_back(Image.fromarray(COLORS), tmp_path / "a.png", icc_profile=icc)
    image = read_image(tmp_path / "a.png")
    assert image.info == {}
    write_image(image, tmp_path / "b.png")
    np.testing.assert_array_equal(np.asarray(read_image(tmp_path / "b.png")), first)


def test_threads_that_share_a_profile_get_what_one_gets(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{index}.png" for index in range(24)]
    for index, path in enumerate(paths):
        pixels = rng.integers(0, 256, (64, 64, 3)).astype(np.uint8)
        icc = rgb_profile(SRGB_TO_XYZ[[1, 2, 0]], 1.0 + index % 3 / 2)
        Image.fromarray(pixels).save(path, icc_profile=icc)
    alone = [read_image(path).tobytes() for path in paths]
    with ThreadPoolExecutor(8) as pool:
        assert [image.tobytes() for image in pool.map(read_image, paths)] == alone


def test_an_image_from_memory_is_converted_too_and_not_changed() -> None:
    image = Image.fromarray(COLORS)
    image.info["icc_profile"] = rgb_profile(SRGB_TO_XYZ, 1.0)
    converted = to_channels(image, 3)
    np.testing.assert_allclose(np.asarray(converted), encoded(COLORS / 255), atol=2)
    assert "icc_profile" in image.info
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grey = to_channels(Image.fromarray(COLORS), 1)
    luma = COLORS @ (0.299, 0.587, 0.114)  # ITU-R 601
    np.testing.assert_allclose(np.asarray(grey), luma, atol=1)
