"""Files that end early or say less than they hold: refused, not filled with black or grey."""

import io
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from gan.images import ImageError, Picture, read_image, read_picture

Reader = Callable[[Path], Image.Image | Picture]
READERS: dict[str, Reader] = {
    "image": read_image,
    "small": lambda path: read_image(path, draft_size=1),
    "picture": read_picture,
}
SIZES = [(96, 72), (83, 51), (64, 64)]


def textured(width: int, height: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Smooth noise, nowhere of one color."""
    noise = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    small = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(small)


def jpeg(size: tuple[int, int], mode: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(textured(*size)).convert(mode).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize(
    "options",
    [
        {}, {"subsampling": 0}, {"progressive": True}, {"restart_marker_blocks": 5},
        {"optimize": True},
    ],
    ids=str,
)  # fmt: skip
def test_a_jpeg_that_ends_early_is_refused(
    reader: str, mode: str, options: dict[str, Any], tmp_path: Path
) -> None:
    """Though it ends with an end marker, as one that a downloader closed."""
    for size in SIZES:
        whole = jpeg(size, mode, **options)
        path = tmp_path / "a.jpg"
        path.write_bytes(whole)
        READERS[reader](path)
        for share in (0.4, 0.6, 0.9):
            path.write_bytes(whole[: int(share * len(whole))] + b"\xff\xd9")
            with pytest.raises(ImageError, match=r"a\.jpg: "):
                READERS[reader](path)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("color", [(128, 128, 128), (255, 255, 255)])
def test_a_jpeg_of_one_color_is_read(
    reader: str, color: tuple[int, int, int], tmp_path: Path
) -> None:
    """Grey is what libjpeg fills with; bytes behind the picture do no harm."""
    path = tmp_path / "a.jpg"
    for progressive in (False, True):
        image = Image.new("RGB", (90, 50), color)
        image.save(path, progressive=progressive)
        path.write_bytes(path.read_bytes() + b"trailing bytes")
        found = READERS[reader](path)
        pixels = np.asarray(found.pixels if isinstance(found, Picture) else found)
        assert pixels.size > 0
        assert (np.abs(pixels.astype(int) - color) <= 1).all()


def test_a_jpeg_far_too_short_for_its_size_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its header claims 13000 x 13000 pixels."""
    content = bytearray(jpeg((64, 64), "L"))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", 13000, 13000)
    (tmp_path / "a.jpg").write_bytes(content)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", pytest.fail)
    with pytest.raises(ImageError, match="bytes are no JPEG of 13000x13000 pixels"):
        read_image(tmp_path / "a.jpg")


TIFFS: dict[str, dict[str, Any]] = {
    "strips": {"rowsperstrip": 10},
    "one strip": {"rowsperstrip": 72},
    "deflated strips": {"rowsperstrip": 10, "compression": "zlib"},
    "one deflated strip": {"rowsperstrip": 72, "compression": "zlib"},
    "tiles": {"tile": (16, 16)},
    "deflated tiles": {"tile": (32, 16), "compression": "zlib"},
    "planes": {"rowsperstrip": 20, "planarconfig": "separate"},
}
KINDS = {"8 bits": np.uint8, "16 bits": np.uint16, "floats": np.float32}
LIES = {"more rows": (257, 720), "wider": (256, 960), "shorter strips": (278, 7)}


def tiff(path: Path, kind: str, layout: str) -> None:
    pixels = textured(96, 72)
    if KINDS[kind] is np.float32:
        pixels = pixels[..., 0] / np.float32(255)  # type: ignore[assignment]
    elif KINDS[kind] is np.uint16:
        pixels = pixels.astype(np.uint16) * 257  # type: ignore[assignment]
    options = dict(TIFFS[layout])
    if "planarconfig" in options:
        pixels = np.moveaxis(pixels, 2, 0) if pixels.ndim == 3 else pixels
        options = options if pixels.ndim == 3 else {}
    photometric = "rgb" if pixels.ndim == 3 else "minisblack"
    tifffile.imwrite(path, pixels, photometric=photometric, **options)


def lie(path: Path, tag: int, value: int) -> bool:
    """Write another value into a tag of a little-endian file; False where it has none."""
    content = bytearray(path.read_bytes())
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    for at in range(start + 2, start + 2 + 12 * count, 12):
        name, kind = struct.unpack_from("<HH", content, at)
        if name == tag:
            struct.pack_into("<H" if kind == 3 else "<I", content, at + 8, value)
            path.write_bytes(content)
            return True
    return False


def test_counting_the_strips_of_a_lying_tiff_costs_no_memory(tmp_path: Path) -> None:
    """170 million rows of one pixel, each a strip of its own."""
    tiff(tmp_path / "a.tif", "8 bits", "one strip")
    for tag, value in ((256, 1), (257, 170_000_000), (278, 1)):
        assert lie(tmp_path / "a.tif", tag, value)
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match="damaged: it has 1 of 170000000 strips"):
            read_image(tmp_path / "a.tif")
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


def test_a_tiff_that_does_not_tell_its_strips_lengths_is_read(tmp_path: Path) -> None:
    tiff(tmp_path / "a.tif", "8 bits", "one strip")
    expected = read_picture(tmp_path / "a.tif").pixels
    assert lie(tmp_path / "a.tif", 279, 0)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", TIFFS)
def test_a_tiff_that_lacks_strips_or_tiles_is_refused(
    kind: str, layout: str, tmp_path: Path
) -> None:
    """Its size or the height of its strips says that there are more than it has."""
    path = tmp_path / "a.tif"
    tiff(path, kind, layout)
    expected = read_picture(path).pixels
    assert expected.shape == (72, 96, 3)
    assert np.asarray(read_image(path)).std() > 10
    for tag, value in LIES.values():
        tiff(path, kind, layout)
        if not lie(path, tag, value) or (tag == 256 and "compression" in TIFFS[layout]):
            continue  # tiles have no rows; a compressed strip does not tell its width
        for reader in READERS.values():
            with pytest.raises(ImageError, match=r"a\.tif: "):
                reader(path)
