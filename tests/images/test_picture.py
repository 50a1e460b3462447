"""Transparency, depth and metadata of images, checked with OpenCV and tifffile."""

import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, ImageCms

from gan.config.choices import Channels
from gan.images import ImageError, Picture, read_image, read_picture, read_pixels, write_picture
from gan.images.picture import read_with_traits

Y, X = np.mgrid[:37, :50]
RGB16 = np.stack([(X + Y) * 700, X * 1300, 65535 - Y * 1600], -1).astype(np.uint16)
ALPHA16 = (X * 1337).astype(np.uint16)


def opencv(path: Path) -> np.ndarray[Any, Any]:
    """Return a file's pixels as stored: BGR or BGRA."""
    values = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    assert values is not None
    return np.asarray(values)


def described(**ifds: dict[int, Any]) -> Image.Exif:
    """Return EXIF with tags of the main directory and of the named ones."""
    exif = Image.Exif()
    exif.update(ifds.pop("main", {}))
    for name, tags in ifds.items():
        exif.get_ifd(ExifTags.IFD[name]).update(tags)
    for name in ifds:
        exif[ExifTags.IFD[name]] = 0
    return exif


def said(path: Path) -> tuple[dict[int, Any], dict[int, Any], dict[int, Any]]:
    """Return the tags of a file's main directory, of its details and of its place."""
    with Image.open(path) as image:
        exif = image.getexif()
        return (
            dict(exif),
            dict(exif.get_ifd(ExifTags.IFD.Exif)),
            dict(exif.get_ifd(ExifTags.IFD.GPSInfo)),
        )


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("with_alpha", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bits_are_kept_exactly(
    tmp_path: Path, suffix: str, with_alpha: bool, channels: int
) -> None:
    """Written, read by other libraries, and read by us; colors below transparency are white."""
    pixels = RGB16[:, :, :channels]
    path, alpha = tmp_path / f"a{suffix}", ALPHA16 if with_alpha else None
    write_picture(Picture(pixels, alpha), path)
    stored = tifffile.imread(path) if suffix == ".tif" else opencv(path)
    assert stored.dtype == np.uint16
    order = list(range(channels)) if suffix == ".tif" else list(range(channels))[::-1]
    if with_alpha and suffix == ".png" and channels == 1:
        order = [0]
        assert (stored[:, :, 0] == stored[:, :, 2]).all()
    np.testing.assert_array_equal(stored.reshape(37, 50, -1)[:, :, order], pixels)
    if with_alpha:
        np.testing.assert_array_equal(stored[:, :, -1], ALPHA16)
    elif channels == 3:
        np.testing.assert_array_equal(read_picture(path).pixels, pixels)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_16_bits_are_read_upright(tmp_path: Path, suffix: str, turn: int) -> None:
    """The deep reader rotates like the other one; files are written by tifffile and OpenCV."""
    path = tmp_path / f"a{suffix}"
    if suffix == ".tif":
        tifffile.imwrite(path, RGB16, photometric="rgb", extratags=[(274, "H", 1, turn, True)])
    else:
        write_picture(Picture(RGB16, exif=described(main={274: turn})), path)
    picture = read_picture(path)
    assert picture.pixels.dtype == np.uint16
    shown = np.asarray(read_image(path)).astype(int)
    assert picture.pixels.shape == shown.shape == ((37, 50, 3) if turn < 5 else (50, 37, 3))
    assert np.abs(picture.pixels // 256 - shown).max() <= 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_16_bit_tiff_in_either_byte_order(
    tmp_path: Path, order: Any, compression: str | None
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, RGB16, photometric="rgb", compression=compression, byteorder=order)
    np.testing.assert_array_equal(read_picture(path).pixels, RGB16)


def test_16_bit_planes_are_read_in_8_bits_with_a_remark(tmp_path: Path) -> None:
    path, planes = tmp_path / "a.tif", RGB16.transpose(2, 0, 1)
    tifffile.imwrite(path, planes, photometric="rgb", planarconfig="separate")
    picture = read_picture(path)
    assert np.abs(picture.pixels - RGB16 / 257).max() <= 1
    assert picture.remarks == ("read in 8 bits",)


def test_transparency_is_put_on_white_and_kept(tmp_path: Path) -> None:
    alpha = np.full((20, 30), 255, np.uint8)
    alpha[:10] = 0
    pixels = np.dstack([np.full((20, 30, 3), (200, 10, 30), np.uint8), alpha])
    Image.fromarray(pixels).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    assert picture.alpha is not None
    np.testing.assert_array_equal(picture.alpha, alpha)
    assert (picture.pixels[:10] == 255).all()
    assert (picture.pixels[10:] == (200, 10, 30)).all()
    for suffix in (".png", ".webp", ".tif", ".avif"):
        write_picture(picture, tmp_path / f"b{suffix}", quality=100)
        with Image.open(tmp_path / f"b{suffix}") as image:
            np.testing.assert_array_equal(np.asarray(image)[:, :, 3], alpha)
    write_picture(picture, tmp_path / "b.gif")
    with Image.open(tmp_path / "b.gif") as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGBA"))[:, :, 3], alpha)
    write_picture(picture, tmp_path / "b.bmp")
    assert (opencv(tmp_path / "b.bmp")[:10] == 255).all()


@pytest.mark.parametrize("mode", ["LA", "P", "RGBA"])
@pytest.mark.parametrize("turn", [1, 6])
def test_transparency_is_upright_like_its_picture(tmp_path: Path, mode: str, turn: int) -> None:
    image = Image.new("RGBA", (30, 20), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 30, 5))  # opaque at the top, as stored
    image.convert(mode).save(tmp_path / "a.png", exif=described(main={274: turn}))
    picture = read_picture(tmp_path / "a.png")
    assert picture.alpha is not None
    opaque = picture.alpha == 255
    expected = np.zeros((20, 30), bool)
    expected[:5] = True
    np.testing.assert_array_equal(opaque, expected if turn == 1 else np.rot90(expected, -1))


@pytest.mark.parametrize("source", [".jpg", ".png", ".webp", ".tif", ".avif"])
@pytest.mark.parametrize("target", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_metadata_is_kept_except_misleading_tags(tmp_path: Path, source: str, target: str) -> None:
    """Author, place and time are kept; orientation, size, color space and thumbnail are new."""
    original = described(
        main={271: "Maker", 274: 6, 306: "2024:05:06 07:08:09", 315: "Åsa".encode(), 513: 9},
        Exif={36867: "2024:05:06 07:08:09", 33434: 0.125, 40961: 65535, 40962: 9, 40963: 9},
        GPSInfo={1: "N", 2: (52.0, 30.0, 1.5)},
    )
    Image.new("RGB", (40, 24), "teal").save(tmp_path / f"a{source}", exif=original)
    picture = read_picture(tmp_path / f"a{source}")
    assert picture.pixels.shape == (40, 24, 3)
    assert picture.remarks == ()
    write_picture(picture, tmp_path / f"b{target}")
    main, details, place = said(tmp_path / f"b{target}")
    assert (main[271], main[306]) == ("Maker", "2024:05:06 07:08:09")
    # Pillow rewrites the EXIF of a rotated AVIF in ASCII while it reads it.
    assert source == ".avif" or "Åsa".encode() in (tmp_path / f"b{target}").read_bytes()
    assert main.get(274, 1) == 1
    assert 513 not in main
    assert (details[40961], details[40962], details[40963]) == (1, 24, 40)
    assert details[36867] == "2024:05:06 07:08:09"
    assert details[33434] == 0.125
    assert place[1] == "N"
    assert place[2] == (52.0, 30.0, 1.5)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_files_have_metadata(tmp_path: Path, suffix: str) -> None:
    exif = described(main={271: "Maker"}, Exif={33434: 0.125}, GPSInfo={1: "S"})
    path = tmp_path / f"a{suffix}"
    write_picture(Picture(RGB16, exif=exif), path)
    main, details, place = said(path)
    assert (main[271], details[33434], place[1]) == ("Maker", 0.125, "S")
    np.testing.assert_array_equal(read_picture(path).pixels, RGB16)


@pytest.mark.filterwarnings("default")
def test_damaged_metadata_is_dropped_with_a_remark(tmp_path: Path) -> None:
    good = described(Exif={33434: 0.125})
    Image.new("RGB", (40, 24)).save(tmp_path / "a.jpg", exif=good.tobytes()[:20] + b"\xff" * 60)
    picture = read_picture(tmp_path / "a.jpg")
    assert picture.exif is None or picture.remarks == ()
    write_picture(picture, tmp_path / "b.jpg")
    assert opencv(tmp_path / "b.jpg").shape == (24, 40, 3)


def test_16_bits_with_a_color_profile_become_8_with_a_remark(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    tifffile.imwrite(
        tmp_path / "a.tif",
        RGB16,
        photometric="rgb",
        extratags=[(34675, "B", len(profile), profile, True)],
    )
    picture = read_picture(tmp_path / "a.tif")
    assert picture.pixels.dtype == np.uint8
    assert "its color profile is applied in 8 bits" in picture.remarks


def test_gray_and_color_are_converted_to_each_other(tmp_path: Path) -> None:
    write_picture(Picture(RGB16), tmp_path / "a.png")
    grey = read_picture(tmp_path / "a.png", channels=1).pixels
    expected = RGB16 @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey[:, :, 0] - expected).max() <= 1
    write_picture(Picture(grey), tmp_path / "b.png")
    assert (read_picture(tmp_path / "b.png").pixels == grey).all()


def test_an_animation_is_read_with_a_remark(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    picture = read_picture(tmp_path / "a.gif")
    assert (picture.pixels == (255, 0, 0)).all()
    assert picture.remarks == ("animated: only its first frame is used",)


def test_premultiplied_alpha_is_handled(tmp_path: Path) -> None:
    """ExtraSamples of the TIFF is 1; the image equals the one with straight alpha."""
    opacity = ALPHA16[:, :, None] / 65535
    for kind, colors in (("unassalpha", RGB16), ("assocalpha", np.rint(RGB16 * opacity))):
        values = np.dstack([colors, ALPHA16]).astype(np.uint16)
        path = tmp_path / f"{kind}.tif"
        tifffile.imwrite(path, values, photometric="rgb", extrasamples=[kind])
        picture = read_picture(path)
        assert picture.alpha is not None
        np.testing.assert_array_equal(picture.alpha, ALPHA16)
        expected = RGB16 * opacity + 65535 * (1 - opacity)
        assert np.abs(picture.pixels - expected).max() <= 1.5


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_band_that_is_not_transparency_does_not_change_the_colors(
    kind: type, channels: Channels, tmp_path: Path
) -> None:
    """Near infrared after red, green and blue, as GDAL writes it."""
    rgb: Any = (RGB16 >> (0 if kind is np.uint16 else 8)).astype(kind)
    tifffile.imwrite(tmp_path / "rgb.tif", rgb, photometric="rgb")
    bands = np.dstack([rgb, rgb[..., 0] // 3])
    tifffile.imwrite(tmp_path / "nir.tif", bands, photometric="rgb", extrasamples=["unspecified"])
    expected = read_picture(tmp_path / "rgb.tif", channels=channels)
    found = read_picture(tmp_path / "nir.tif", channels=channels)
    np.testing.assert_array_equal(found.pixels, expected.pixels)
    assert found.alpha is None
    assert expected.remarks == ()
    assert found.remarks == ("dropped a band that is neither color nor transparency",)
    image = read_image(tmp_path / "nir.tif", channels=channels)
    assert image.tobytes() == read_image(tmp_path / "rgb.tif", channels=channels).tobytes()


@pytest.mark.parametrize("bands", [2, 5, 6, 13])
@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_an_error_names_the_number_of_unsupported_bands(
    bands: int, planes: str, tmp_path: Path
) -> None:
    values = np.zeros((20, 24, bands), np.uint8)
    values = values if planes == "contig" else np.moveaxis(values, 2, 0)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, values, photometric="minisblack", planarconfig=planes)
    with pytest.raises(ImageError, match=rf"a\.tif: {bands} bands: only 1, 3 or 4 can be read"):
        read_image(path)


GEO: list[tuple[int, str, int, Any]] = [
    (33550, "d", 3, (0.5, 0.5, 0.0)),
    (33922, "d", 6, (0.0, 0.0, 0.0, 500000.0, 4200000.0, 0.0)),
    (34735, "H", 16, (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32610)),
    (34736, "d", 2, (298.25, 6378137.0)),
    (34737, "s", 0, "WGS 84 / UTM zone 10N|"),
    (42113, "s", 0, "-9999"),
]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("described", [False, True])
def test_geotiff_tags_are_kept(kind: type, bands: int, described: bool, tmp_path: Path) -> None:
    """Tags of a GeoTIFF with types and values; pixels of the translation have equal places."""
    pixels: Any = (RGB16[..., :bands].squeeze() >> (0 if kind is np.uint16 else 8)).astype(kind)
    tags: Any = [(*tag, True) for tag in GEO]
    more: dict[str, Any] = {"software": "me", "resolution": (300, 300)}
    more = more if described else {"software": False}
    photometric = "rgb" if bands == 3 else "minisblack"
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric=photometric, extratags=tags, **more)
    picture = read_picture(tmp_path / "a.tif", channels=3)
    write_picture(picture.with_pixels(picture.pixels[::-1].copy()), tmp_path / "b.tif")
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        found = file.pages.first.tags
        for number, _, _, value in GEO:
            assert found[number].value == value
        with tifffile.TiffFile(tmp_path / "a.tif") as old:
            for number, *_ in GEO:
                assert found[number].dtype == old.pages.first.tags[number].dtype
        assert (found["Software"].value == "me") if described else "Software" not in found
    assert (read_picture(tmp_path / "b.tif").pixels == picture.pixels[::-1]).all()


def test_geotiff_tags_of_a_rotated_image_are_dropped(tmp_path: Path) -> None:
    tags: Any = [(*tag, True) for tag in (*GEO, (274, "H", 1, 6))]
    pixels = (RGB16 >> 8).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extratags=tags)
    picture = read_picture(tmp_path / "a.tif")
    assert not picture.place
    assert "GeoTIFF tags dropped: the image is stored rotated" in picture.remarks


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
@pytest.mark.parametrize("deep", [False, True])
def test_the_density_of_a_scan_is_kept(suffix: str, deep: bool, tmp_path: Path) -> None:
    path, out = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    if deep and suffix == "png":
        Image.fromarray(RGB16[..., 0]).save(path, dpi=(300, 600))
    else:
        Image.fromarray((RGB16 >> 8).astype(np.uint8)).save(path, dpi=(300, 600))
    write_picture(read_picture(path), out)
    with Image.open(out) as image:
        assert [round(float(value)) for value in image.info["dpi"]] == [300, 600]


def test_a_transparent_value_of_deep_gray_becomes_alpha(tmp_path: Path) -> None:
    grey = RGB16[:, :, 1].copy()
    grey[5:9] = 4242
    Image.fromarray(grey).save(tmp_path / "a.png", transparency=4242)
    picture = read_picture(tmp_path / "a.png")
    assert picture.alpha is not None
    np.testing.assert_array_equal(picture.alpha == 0, grey == 4242)
    assert (picture.pixels[5:9] == 65535).all()


def test_a_description_of_how_the_original_stores_its_arrays_is_dropped(
    tmp_path: Path,
) -> None:
    """The translation may have other channels."""
    values = np.zeros((20, 30), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack", software="instrument")
    picture = read_picture(tmp_path / "a.tif")
    assert picture.exif is not None
    assert picture.exif[ExifTags.Base.Software] == "instrument"
    assert ExifTags.Base.ImageDescription not in picture.exif
    write_picture(picture, tmp_path / "out.tif")
    assert tifffile.imread(tmp_path / "out.tif").shape == (20, 30, 3)
    tifffile.imwrite(
        tmp_path / "b.tif", values, photometric="minisblack", description="a cell", metadata=None
    )
    exif = read_picture(tmp_path / "b.tif").exif
    assert exif is not None
    assert exif[ExifTags.Base.ImageDescription] == "a cell"


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_is_upright_even_if_its_orientation_follows_its_pixels(
    tmp_path: Path, deep: bool, channels: Any
) -> None:
    """Pillow writes eXIf before IDAT, other programs after it."""
    values = np.random.default_rng(0).integers(0, 256, (20, 30, channels)).astype(np.uint8)
    pixels = values.astype(np.uint16) * 257 if deep else values
    done, png = cv2.imencode(".png", pixels[:, :, ::-1])
    assert done
    exif = Image.Exif()
    exif[274] = 6
    content = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    (tmp_path / "a.png").write_bytes(png.tobytes()[:-12] + chunk + png.tobytes()[-12:])
    upright = np.rot90(pixels, -1)
    assert np.array_equal(read_picture(tmp_path / "a.png", channels=channels).pixels, upright)
    assert np.array_equal(read_pixels(tmp_path / "a.png", channels=channels), upright)
    image, traits = read_with_traits(tmp_path / "a.png")
    assert image.size == traits.size == (20, 30)
    assert "rotated" in traits.unusual


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
@pytest.mark.parametrize("count", [3, 4])
def test_three_bands_that_are_labeled_gray_are_colors(
    tmp_path: Path, depth: str, count: int
) -> None:
    """GDAL writes more than 8 bits in this way."""
    top = 255 if depth == "uint8" else 65535
    values = np.random.default_rng(0).integers(0, top, (20, 30, count)).astype(depth)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack", planarconfig="contig")
    picture = read_picture(tmp_path / "a.tif")
    assert np.array_equal(picture.pixels, values[:, :, :3])
    assert picture.alpha is None
    assert bool(picture.remarks) == (count == 4)
    said: list[str] = []
    assert np.array_equal(read_pixels(tmp_path / "a.tif", remark=said.append), picture.pixels)
    assert tuple(said) == picture.remarks


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_two_bands_in_addition_to_the_colors_are_rejected(tmp_path: Path, depth: str) -> None:
    values = np.zeros((20, 30, 5), depth)
    tifffile.imwrite(
        tmp_path / "a.tif", values, photometric="rgb", extrasamples=[0, 0], planarconfig="contig"
    )
    with pytest.raises(ImageError, match=r"a\.tif: 5 bands"):
        read_picture(tmp_path / "a.tif")


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_transparency_written_by_opencv_is_kept_in_every_depth(tmp_path: Path, depth: str) -> None:
    """OpenCV does not write ExtraSamples."""
    alpha = np.where(np.arange(30) < 9, 0, np.iinfo(depth).max).astype(depth)
    values = np.dstack([np.full((20, 30, 3), 77, depth), np.broadcast_to(alpha, (20, 30))])
    assert cv2.imwrite(str(tmp_path / "a.tif"), values)
    picture = read_picture(tmp_path / "a.tif")
    assert picture.remarks == ()
    assert picture.alpha is not None
    assert np.array_equal(picture.alpha, values[:, :, 3])
    assert (picture.pixels[:, :9] == np.iinfo(depth).max).all()


def test_uncompressed_ycbcr_is_read(tmp_path: Path) -> None:
    rgb = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8))
    values = np.asarray(rgb.convert("YCbCr"))
    black_white = [(0, 1), (255, 1), (128, 1), (255, 1), (128, 1), (255, 1)]
    flat = tuple(number for pair in black_white for number in pair)
    tifffile.imwrite(
        tmp_path / "a.tif",
        values,
        photometric="ycbcr",
        subsampling=(1, 1),
        extratags=[(532, 5, 6, flat, True)],
    )
    wanted = np.asarray(rgb).astype(int)
    assert np.abs(read_picture(tmp_path / "a.tif").pixels.astype(int) - wanted).max() <= 4


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg"])
def test_resolution_is_written_in_every_format_and_rotated_with_the_image(
    tmp_path: Path, deep: bool, suffix: str
) -> None:
    values = np.random.default_rng(0).integers(0, 256, (20, 30)).astype(np.uint8)
    pixels = values.astype(np.uint16) * 257 if deep else values
    for orientation, wanted in ((1, (204, 98)), (6, (98, 204))):
        tifffile.imwrite(
            tmp_path / "a.tif",
            pixels,
            resolution=(204, 98),
            resolutionunit="INCH",
            extratags=[(274, "H", 1, orientation, True)],
        )
        write_picture(read_picture(tmp_path / "a.tif", channels=1), tmp_path / f"b{suffix}")
        with Image.open(tmp_path / f"b{suffix}") as image:
            assert image.info["dpi"] == pytest.approx(wanted, rel=0.01)
            tags = image.getexif()
            if 282 in tags:
                assert (tags[282], tags[283]) == pytest.approx(wanted)
    Image.fromarray(values).save(tmp_path / "c.jpg", dpi=(300, 300))
    write_picture(read_picture(tmp_path / "c.jpg", channels=1), tmp_path / f"d{suffix}")
    with Image.open(tmp_path / f"d{suffix}") as image:
        assert image.info["dpi"] == pytest.approx((300, 300), rel=0.01)


@pytest.mark.parametrize("deep", [False, True])
def test_texts_of_a_geotiff_keep_their_bytes(tmp_path: Path, deep: bool) -> None:
    text = "<GDALMetadata><Item>Höhe ü.M., 高さ</Item></GDALMetadata>".encode()
    values = np.zeros((20, 30, 3), np.uint16 if deep else np.uint8)
    tags = [(42112, "s", 0, text, True), (34737, "s", 0, "Gauß-Krüger|".encode(), True)]
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", extratags=tags)
    write_picture(read_picture(tmp_path / "a.tif"), tmp_path / "b.tif")
    content = (tmp_path / "b.tif").read_bytes()
    assert text in content
    assert "Gauß-Krüger|".encode() in content
