"""Photographs of phones: HEIC is read upright and in its colors, and written with its metadata."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from gan.images import ImageError, find_images, read_image, read_picture, read_size, write_picture

heif = pytest.importorskip("pillow_heif", reason="the extra heif is not installed")

ORIENTATION = ExifTags.Base.Orientation


def scene(width: int = 96, height: int = 64) -> Image.Image:
    """A smooth picture whose four corners differ, so that a wrong turn shows."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, 255 - x], axis=2).astype(np.uint8))


def save(path: Path, image: Image.Image, **options: Any) -> Path:
    """Write a file by pillow_heif alone, without our writer."""
    heif.from_pillow(image).save(path, quality=95, **options)
    return path


@pytest.mark.parametrize("suffix", [".heic", ".heif", ".HEIC"])
def test_a_photograph_is_read_in_its_colors(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"IMG_1{suffix}", scene())
    assert read_size(path) == (96, 64)
    assert find_images(tmp_path).images == [path]
    difference = np.asarray(read_image(path), float) - np.asarray(scene(), float)
    assert np.abs(difference).mean() < 2


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_turned_photograph_is_read_upright_once(tmp_path: Path, orientation: int) -> None:
    """Phones store the turn in the file's own property and in EXIF: it is undone once."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = save(tmp_path / "IMG_2.heic", scene(), exif=exif.tobytes())
    turns = {1: 0, 3: 2, 6: 3, 8: 1}[orientation]
    expected = np.rot90(np.asarray(scene(), float), turns)
    picture = read_image(path)
    assert (picture.height, picture.width) == expected.shape[:2]
    assert read_size(path) == picture.size
    assert np.abs(np.asarray(picture, float) - expected).mean() < 2


def test_what_is_written_as_heic_keeps_camera_and_alpha(tmp_path: Path) -> None:
    image = scene()
    image.putalpha(128)
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    picture = read_picture(save(tmp_path / "in.heic", image, exif=exif.tobytes()))
    write_picture(picture, tmp_path / "out.heic", quality=95)
    with Image.open(tmp_path / "out.heic") as written:
        assert written.format == "HEIF"
        assert written.mode == "RGBA"
        assert written.getexif()[ExifTags.Base.Make] == "Maker"
        colors = np.asarray(written).astype(float)
    assert abs(colors[:, :, 3].mean() - 128) <= 1
    assert np.abs(colors[:, :, :3] - picture.pixels).mean() < 2


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_truncated_photograph_is_an_error_that_names_it(tmp_path: Path, share: float) -> None:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (128, 128, 3), dtype=np.uint8))
    path = save(tmp_path / "IMG_3.heic", noise)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ImageError, match=r"IMG_3\.heic"):
        read_image(path)
