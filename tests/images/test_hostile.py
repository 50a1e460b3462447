"""Files that are damaged or not images: each is read, or rejected in one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.ImageFile import ImageFile

from gan.images import ImageError, read_image, read_size
from gan.images.formats import known_formats

Y, X = np.mgrid[:16, :24]
PHOTO = np.stack([X * 10, Y * 15, 255 - X - Y], -1).astype(np.uint8)


def save(path: Path, **options: Any) -> Path:
    Image.fromarray(PHOTO).save(path, **options)
    return path


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[274] = orientation
    return tags


def assert_one_line(error: Exception, path: Path) -> None:
    assert type(error) is ImageError
    assert str(error).startswith(f"{path}: ")
    assert len(str(error)) > len(f"{path}: ")
    assert "\n" not in str(error)


@pytest.mark.parametrize("read", [read_image, read_size])
def test_a_file_that_is_not_an_image_is_rejected_in_one_line(tmp_path: Path, read: Any) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("dear diary,\n")
    (tmp_path / "page.png").write_text("<!doctype html><title>404</title>")
    (tmp_path / "directory.png").mkdir()
    (tmp_path / "cut.png").write_bytes(save(tmp_path / "whole.png").read_bytes()[:20])
    (tmp_path / "ghost.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    reasons = {
        "empty.jpg": "empty file",
        "text.jpg": "not an image of a known kind",
        "page.png": "not an image of a known kind",
        "directory.png": "Is a directory",
        "missing.png": "No such file",
        "cut.png": "damaged: it ends too early",
        "ghost.eps": "not an image of a known kind",
    }
    for name, reason in reasons.items():
        with pytest.raises(ImageError, match=reason) as caught:
            read(tmp_path / name)
        assert_one_line(caught.value, tmp_path / name)


def test_a_file_without_read_permission_is_rejected_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "a.png")

    def denied(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert str(caught.value) == f"{path}: Permission denied"


def test_running_out_of_memory_rejects_only_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(self: ImageFile) -> None:
        raise MemoryError

    path = save(tmp_path / "a.bmp")
    monkeypatch.setattr(ImageFile, "load", exhausted)
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert str(caught.value) == f"{path}: does not fit into memory just now"


def test_an_error_for_heic_names_the_missing_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    known_formats()  # Pillow registers its formats once a process
    monkeypatch.setattr("gan.images.reader.known_formats", lambda: ("JPEG", "PNG"))
    with pytest.raises(ImageError, match="HEIC needs another package: pip install pillow-heif"):
        read_image(path)


FUZZED: dict[str, dict[str, Any]] = {
    "jpg": {"exif": exif(6)},
    "png": {"exif": exif(6)},
    "tif": {"compression": "tiff_lzw"},
    "tiff": {},
    "webp": {},
    "gif": {},
    "avif": {},
    "jp2": {},
    "qoi": {},
    "bmp": {},
    "ppm": {},
}


@pytest.mark.parametrize("suffix", FUZZED)
@pytest.mark.filterwarnings("ignore")  # Pillow's, about damaged metadata
def test_damaged_files_are_read_or_rejected(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(len(suffix))
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(PHOTO).save(path, **FUZZED[suffix])
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    refused = 0
    for round_ in range(120):
        data = whole.copy()
        if round_ % 3 == 0:
            data = data[: rng.integers(len(data))]
        else:
            # The header decides most: half of the flips go there.
            reach = len(data) if round_ % 3 == 1 else min(len(data), 120)
            places = rng.integers(reach, size=rng.integers(1, 6))
            data[places] = rng.integers(0, 256, places.size)
        path.write_bytes(data.tobytes())
        for read in (read_size, read_image):
            try:
                read(path, max_megapixels=1)
            except ImageError as error:
                assert_one_line(error, path)
                refused += 1
    assert refused > 40
