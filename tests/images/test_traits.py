"""Unusual traits of files in each format, with pixels equal to the reader's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from gan.images import ImageError, Trait, read_image, read_size, read_with_traits

Y, X = np.mgrid[:40, :60]
PIXELS = np.stack([X * 4, Y * 6, 255 - X - Y], -1).astype(np.uint8)
PHOTO = Image.fromarray(PIXELS)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[274] = orientation
    return tags


def rgba(opacity: int) -> Image.Image:
    image = PHOTO.copy()
    image.putalpha(opacity)
    return image


CASES: list[tuple[str, Image.Image, dict[str, Any], dict[Trait, str]]] = [
    ("a.jpg", PHOTO, {}, {}),
    ("a.JPEG", PHOTO, {"exif": exif(1), "icc_profile": SRGB}, {}),
    ("a.png", PHOTO, {"icc_profile": SRGB}, {}),
    ("grey.png", PHOTO.convert("L"), {"icc_profile": SRGB}, {}),
    ("palette.png", PHOTO.quantize(8), {}, {}),
    ("a.webp", PHOTO, {}, {}),
    ("a.bmp", PHOTO, {}, {}),
    ("a.dib", PHOTO, {"format": "DIB"}, {}),
    ("a.mpo", PHOTO, {"format": "JPEG"}, {}),
    ("opaque.png", rgba(255), {}, {}),
    ("a.png", rgba(100), {}, {"alpha": "transparent in places"}),
    ("palette.gif", PHOTO.quantize(8), {"transparency": 0}, {"alpha": "transparent in places"}),
    ("a.jpg", PHOTO, {"exif": exif(6)}, {"rotated": "EXIF orientation 6"}),
    ("a.png", PHOTO, {"exif": exif(3)}, {"rotated": "EXIF orientation 3"}),
    ("a.tif", PHOTO, {"exif": exif(8)}, {"rotated": "EXIF orientation 8"}),
    ("a.jpg", PHOTO.convert("CMYK"), {}, {"cmyk": "CMYK"}),
    ("a.tif", PHOTO, {"save_all": True, "append_images": [PHOTO]},
     {"animated": "several frames or pages"}),
    ("a.jpg", PHOTO, {"icc_profile": b"junk" * 40}, {"profile": "ICC profile ignored: "}),
    ("a.jpg", PHOTO, {"icc_profile": LAB}, {"profile": ""}),
    ("a.png", PHOTO, {"format": "JPEG"}, {"suffix": ".png on a file that is JPEG"}),
    ("a.png", Image.fromarray(X.astype(np.uint16) * 900), {}, {"deep": "16 bits a channel"}),
    ("a.tif", Image.fromarray((X / 60).astype(np.float32)), {}, {"deep": "floats"}),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*profile ignored")
@pytest.mark.parametrize(("name", "image", "options", "expected"), CASES)
def test_traits_of_each_format(
    tmp_path: Path,
    name: str,
    image: Image.Image,
    options: dict[str, Any],
    expected: dict[Trait, str],
) -> None:
    image.save(tmp_path / name, **options)
    pixels, traits = read_with_traits(tmp_path / name)
    assert list(traits.unusual) == list(expected)
    for trait, word in expected.items():
        assert traits.unusual[trait].startswith(word)
    assert traits.size == read_size(tmp_path / name) == pixels.size
    assert pixels.mode == "RGB"
    assert pixels.tobytes() == read_image(tmp_path / name).tobytes()


def test_16_bit_colors_are_reported(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", PIXELS.astype(np.uint16) * 257, photometric="rgb")
    assert list(read_with_traits(tmp_path / "a.tif")[1].unusual) == ["deep"]


def test_a_small_draft_has_the_size_of_the_whole(tmp_path: Path) -> None:
    PHOTO.resize((600, 400)).save(tmp_path / "a.jpg", exif=exif(6))
    small, traits = read_with_traits(tmp_path / "a.jpg", draft_size=50)
    assert traits.size == (400, 600)
    assert small.size == (50, 75)


def test_several_traits_are_reported_together(tmp_path: Path) -> None:
    PHOTO.convert("CMYK").save(tmp_path / "a.tif", "JPEG", exif=exif(5), icc_profile=LAB)
    found = read_with_traits(tmp_path / "a.tif")[1].unusual
    assert set(found) == {"cmyk", "rotated", "profile", "suffix"}


def test_an_unreadable_file_is_an_image_error(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    with pytest.raises(ImageError, match=r"a\.jpg: empty file"):
        read_with_traits(tmp_path / "a.jpg")
    PHOTO.save(tmp_path / "b.png")
    with pytest.raises(ImageError, match="megapixels"):
        read_with_traits(tmp_path / "b.png", max_megapixels=0.001)
