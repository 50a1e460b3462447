"""Written files are complete, in the format of their suffix, and hold the pixels."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.images import encode_image, read_image, write_image


def smooth(mode: str = "RGB") -> Image.Image:
    y, x = np.mgrid[:48, :64]
    pixels = np.stack([x * 4, y * 5, 255 - x * 2 - y, 255 - x], -1).astype(np.uint8)
    return Image.fromarray(pixels[..., : {"L": 1, "RGB": 3, "RGBA": 4}[mode]].squeeze())


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(
    ("suffix", "kind", "tolerance"),
    [
        (".png", "PNG", 0),
        (".tif", "TIFF", 0),
        (".BMP", "BMP", 0),
        (".ppm", "PPM", 0),
        (".jp2", "JPEG2000", 0),
        (".j2k", "JPEG2000", 0),
        (".qoi", "QOI", 0),
        (".jpg", "JPEG", 6),
        (".JPEG", "JPEG", 6),
        (".jfif", "JPEG", 6),
        (".webp", "WEBP", 12),
        (".avif", "AVIF", 6),
        (".gif", "GIF", 40),
    ],
)
def test_what_is_written_is_read_back(
    tmp_path: Path, suffix: str, kind: str, tolerance: int, mode: str
) -> None:
    path = tmp_path / "new" / "folder" / f"image{suffix}"
    image = smooth(mode)
    write_image(image, path)
    with Image.open(path) as opened:
        assert opened.format == kind
    channels = 1 if mode == "L" else 3
    read = read_image(path, channels=channels)  # type: ignore[arg-type]
    difference = np.abs(np.asarray(read).astype(int) - np.asarray(image))
    assert difference.max() <= tolerance
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_an_encoded_image_is_the_written_file(tmp_path: Path, suffix: str) -> None:
    write_image(smooth(), tmp_path / f"image{suffix}", quality=80)
    written = (tmp_path / f"image{suffix}").read_bytes()
    assert encode_image(smooth(), suffix, quality=80) == written


def test_a_bare_codestream_is_written_for_j2k(tmp_path: Path) -> None:
    write_image(smooth(), tmp_path / "a.j2k")
    write_image(smooth(), tmp_path / "a.jp2")
    assert (tmp_path / "a.j2k").read_bytes()[:2] == b"\xff\x4f"
    assert (tmp_path / "a.jp2").read_bytes()[4:6] == b"jP"


def test_jpeg_is_written_without_chroma_subsampling_at_its_quality(tmp_path: Path) -> None:
    write_image(smooth(), tmp_path / "a.jpg")
    write_image(smooth(), tmp_path / "b.jpg", quality=30)
    data = (tmp_path / "a.jpg").read_bytes()
    frame = data.index(b"\xff\xc0")
    assert [data[frame + 11 + 3 * component] for component in range(3)] == [0x11] * 3
    assert (tmp_path / "b.jpg").stat().st_size < 0.6 * len(data)


def test_pgm_is_always_gray(tmp_path: Path) -> None:
    write_image(smooth(), tmp_path / "a.pgm")
    assert (tmp_path / "a.pgm").read_bytes().startswith(b"P5")


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_alpha_is_kept_where_the_format_has_it(tmp_path: Path, suffix: str) -> None:
    write_image(smooth("RGBA"), tmp_path / f"a{suffix}")
    with Image.open(tmp_path / f"a{suffix}") as opened:
        assert opened.mode == "RGBA"


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA", "1", "CMYK", "I;16", "YCbCr", "LAB"])
@pytest.mark.parametrize("suffix", [".jpg", ".bmp", ".ppm", ".png", ".avif"])
def test_every_mode_can_be_written_everywhere(tmp_path: Path, suffix: str, mode: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_image(Image.new(mode, (16, 16)), path)
    assert read_image(path).size == (16, 16)


def test_transparent_pixels_become_white_in_formats_without_alpha(tmp_path: Path) -> None:
    write_image(Image.new("RGBA", (16, 16), (10, 20, 30, 0)), tmp_path / "a.jpg")
    assert np.asarray(read_image(tmp_path / "a.jpg")).min() >= 254


@pytest.mark.parametrize("name", ["a.xyz", "a", "a.mp4", "a.pdf"])
def test_a_suffix_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        write_image(smooth(), tmp_path / "new" / name)
    assert not (tmp_path / "new").exists()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def disk_full(self: Image.Image, file: object, *rest: object, **options: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", disk_full)
    with pytest.raises(OSError, match="No space left"):
        write_image(smooth(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_replaced_and_gets_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    path = tmp_path / ("n" * 250 + ".png")
    path.write_bytes(b"old")
    write_image(smooth(), path)
    assert read_image(path).size == (64, 48)
    assert os.stat(path).st_mode == os.stat(tmp_path / "other").st_mode
