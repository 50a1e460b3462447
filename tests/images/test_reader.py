"""Orientation, size limits, fast decoding, animations, threads."""

import os
import re
import struct
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngInfo

from gan.images import MAX_MEGAPIXELS, ImageError, read_image, read_size

Array = NDArray[Any]

Y, X = np.mgrid[:48, :80]
PHOTO = np.stack([X * 3, Y * 5, 255 - X - Y], -1).astype(np.uint8)
LOSSLESS: dict[str, dict[str, Any]] = {
    "webp": {"lossless": True},
    "jpg": {"quality": 100, "subsampling": 0},
}

# The upright image for the stored rows and columns (EXIF 2.3, tag 274).
SHOWN = {
    1: PHOTO,
    2: PHOTO[:, ::-1],
    3: PHOTO[::-1, ::-1],
    4: PHOTO[::-1],
    5: PHOTO.swapaxes(0, 1),
    6: np.rot90(PHOTO, -1),
    7: PHOTO[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90(PHOTO),
}


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[274] = orientation
    return tags


def save(path: Path, **options: Any) -> Path:
    Image.fromarray(PHOTO).save(path, **LOSSLESS.get(path.suffix[1:], {}), **options)
    return path


def chunks(png: bytes) -> list[bytes]:
    found, at = [], 8
    while at < len(png):
        end = at + 12 + struct.unpack(">I", png[at : at + 4])[0]
        found.append(png[at:end])
        at = end
    return found


@pytest.mark.parametrize("orientation", SHOWN)
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
def test_images_are_upright_and_their_size_is_known_before(
    tmp_path: Path, suffix: str, orientation: int
) -> None:
    path = save(tmp_path / f"a.{suffix}", exif=exif(orientation))
    expected = SHOWN[orientation]
    image = read_image(path)
    np.testing.assert_allclose(np.asarray(image), expected.astype(int), atol=3)
    assert read_size(path) == image.size == expected.shape[1::-1]


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_orientation_does_not_depend_on_compression(tmp_path: Path, suffix: str) -> None:
    options = {"compression": "tiff_lzw"} if suffix == "tif" else {"progressive": True}
    path = save(tmp_path / f"a.{suffix}", exif=exif(6), **options)
    np.testing.assert_allclose(np.asarray(read_image(path)), SHOWN[6].astype(int), atol=3)
    assert read_size(path) == (48, 80)


def test_exif_behind_the_pixels_of_a_png_counts(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", exif=exif(6))
    parts = chunks(path.read_bytes())
    late = [part for part in parts if part[4:8] == b"eXIf"]
    rest = [part for part in parts if part[4:8] != b"eXIf"]
    path.write_bytes(path.read_bytes()[:8] + b"".join(rest[:-1] + late + rest[-1:]))
    assert read_size(path) == read_image(path).size == (48, 80)


@pytest.mark.parametrize("damaged", [b"Exif\0\0nonsense", exif(6).tobytes()[:-20], exif(77)])
def test_an_image_with_damaged_exif_is_read(tmp_path: Path, damaged: Any) -> None:
    path = save(tmp_path / "a.jpg", exif=damaged)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about the metadata
        assert read_size(path) == read_image(path).size == (80, 48)


def test_an_image_with_damaged_exif_text_is_read(tmp_path: Path) -> None:
    text = PngInfo()
    text.add_text("Raw profile type exif", "\nexif\n8\nnot hexadecimal")
    path = save(tmp_path / "a.png", pnginfo=text)
    assert read_size(path) == read_image(path).size == (80, 48)


@pytest.mark.parametrize(
    "suffix", ["png", "jpg", "tif", "webp", "bmp", "gif", "avif", "jp2", "qoi"]
)
def test_the_size_comes_from_the_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """Pixels are not decoded for it, so half a file has a size, but not an image."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(noise).save(path)
    with monkeypatch.context() as patch:
        decoded: list[str] = []
        patch.setattr(ImageFile, "load", lambda self: decoded.append(self.format))
        assert read_size(path) == (96, 64)
        assert decoded == []
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ImageError, match="^" + re.escape(f"{path}: ")):
        read_image(path)
    if suffix in ("png", "jpg", "bmp", "gif", "jp2", "qoi"):  # others keep an index at the end
        assert read_size(path) == (96, 64)


def test_the_limit_is_on_the_pixels_that_the_header_claims(tmp_path: Path) -> None:
    assert MAX_MEGAPIXELS == 178
    bomb = save(tmp_path / "bomb.png")
    parts = chunks(bomb.read_bytes())
    header = b"IHDR" + struct.pack(">II", 60000, 60000) + parts[0][16:-4]
    parts[0] = parts[0][:4] + header + struct.pack(">I", zlib.crc32(header))
    bomb.write_bytes(bomb.read_bytes()[:8] + b"".join(parts))
    for read in (read_image, read_size):
        with pytest.raises(ImageError, match=r"bomb\.png: 3600\.0 megapixels; at most 178 allow"):
            read(bomb)
    assert read_size(bomb, max_megapixels=3600) == (60000, 60000)
    small = save(tmp_path / "a.jpg")
    assert read_image(small, max_megapixels=48 * 80 / 1e6).size == (80, 48)
    with pytest.raises(ImageError, match="megapixels"):
        read_image(small, max_megapixels=48 * 80 / 1e6 - 1e-9)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "gif", "avif", "jp2"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_pillows_limit_is_neither_used_nor_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, orientation: int
) -> None:
    options = {} if suffix in ("gif", "jp2") else {"exif": exif(orientation)}
    path = save(tmp_path / f"a.{suffix}", **options)
    expected = read_image(path).tobytes()
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert read_image(path).tobytes() == expected
    assert Image.MAX_IMAGE_PIXELS == 100
    with pytest.raises(Image.DecompressionBombError):
        Image.open(path)


@pytest.mark.parametrize(
    ("draft", "scale"), [(None, 1), (201, 1), (200, 2), (101, 2), (100, 4), (50, 8), (1, 8)]
)
def test_draft_halves_while_both_sides_stay_long_enough(
    tmp_path: Path, draft: int | None, scale: int
) -> None:
    image = Image.linear_gradient("L").resize((600, 400)).convert("RGB")
    image.save(tmp_path / "a.jpg", quality=95, exif=exif(6))
    image.save(tmp_path / "a.png")
    read = read_image(tmp_path / "a.jpg", draft_size=draft)
    assert read.size == (400 // scale, 600 // scale)
    expected = np.rot90(np.asarray(image.reduce(scale)), -1).astype(int)
    np.testing.assert_allclose(np.asarray(read), expected, atol=4)
    assert read_image(tmp_path / "a.png", draft_size=draft).size == (600, 400)


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif", "avif", "mpo"])
def test_the_first_frame_of_an_animation_is_read(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (32, 32), color) for color in ("red", "lime", "blue")]
    path = tmp_path / f"a.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with Image.open(path) as opened:
        assert opened.n_frames == 3  # type: ignore[attr-defined]
    pixel = np.asarray(read_image(path))[16, 16].astype(int)
    np.testing.assert_allclose(pixel, [255, 0, 0], atol=3)


def test_the_content_decides_not_the_suffix(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png").rename(tmp_path / "a.jpg")
    np.testing.assert_array_equal(np.asarray(read_image(path)), PHOTO)


def test_files_are_closed_and_images_do_not_need_them(tmp_path: Path) -> None:
    for suffix in ("png", "jpg", "tif", "gif", "bmp", "webp"):
        path = save(tmp_path / f"a.{suffix}")
        before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
        image = read_image(path)
        read_size(path)
        assert type(image) is Image.Image
        if before:
            assert len(os.listdir("/proc/self/fd")) == before
        path.write_bytes(b"gone")
        image.resize((9, 9))


def test_threads_read_what_one_thread_reads(tmp_path: Path) -> None:
    paths = [save(tmp_path / f"{i}.{s}") for i in range(4) for s in ("png", "jpg", "tif", "webp")]
    alone = [(read_image(path).tobytes(), read_size(path)) for path in paths]
    start = threading.Barrier(8)

    def read_all(_: int) -> list[tuple[bytes, tuple[int, int]]]:
        start.wait()
        return [(read_image(path).tobytes(), read_size(path)) for path in paths]

    with ThreadPoolExecutor(8) as pool:
        assert all(result == alone for result in pool.map(read_all, range(8)))
