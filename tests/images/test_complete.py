"""Files that end early or claim more than they hold are rejected, not filled with black or gray."""

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from gan.images import ImageError, Picture, read_image, read_picture, read_pixels, read_size
from gan.images.complete import check_png_rows

Reader = Callable[[Path], Image.Image | Picture]
READERS: dict[str, Reader] = {
    "image": read_image,
    "small": lambda path: read_image(path, draft_size=1),
    "picture": read_picture,
}
SIZES = [(96, 72), (83, 51), (64, 64)]


def textured(width: int, height: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return smooth noise without areas of one color."""
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
def test_a_jpeg_that_ends_early_is_rejected(
    reader: str, mode: str, options: dict[str, Any], tmp_path: Path
) -> None:
    """Also if it ends with an end marker, which a downloader may have added."""
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
    """libjpeg fills missing parts with gray; bytes after the image are allowed."""
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
    with pytest.raises(ImageError, match="bytes are too few for a JPEG of 13000x13000 pixels"):
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
    """Change a tag of a little-endian file; return False if it does not have the tag."""
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
    """170 million rows of one pixel, each in a separate strip."""
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
def test_a_tiff_that_lacks_strips_or_tiles_is_rejected(
    kind: str, layout: str, tmp_path: Path
) -> None:
    """Its size or the height of its strips requires more than it has."""
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


PNGS = {
    "grey": (0, 8), "rgb": (2, 8), "palette": (3, 8), "bits": (0, 1), "alpha": (6, 8),
    "deep": (2, 16), "deepgrey": (0, 16),
}  # fmt: skip
"""Color type and bits of each kind."""
PASSES = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
    (0, 1, 1, 2),
)  # fmt: skip
WIDTH, ROWS = 45, 40


def png(kind: str, interlaced: bool, share: float) -> bytes:
    """Return a PNG of noise that holds only a part of its rows."""
    color, depth = PNGS[kind]
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[color]
    rng = np.random.default_rng(0)
    data = b""
    for left, top, across, down in PASSES if interlaced else ((0, 0, 1, 1),):
        size = -(-len(range(left, WIDTH, across)) * channels * depth // 8)
        for _ in range(top, ROWS, down):
            data += b"\0" + rng.integers(1, 256, size, np.uint8).tobytes()

    def chunk(name: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", WIDTH, ROWS, depth, color, 0, 0, int(interlaced))
    packed = zlib.compress(data[: round(share * len(data))])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
        + (chunk(b"PLTE", bytes(range(256)) * 3) if kind == "palette" else b"")
        + chunk(b"IDAT", packed[:50]) + chunk(b"IDAT", packed[50:]) + chunk(b"IEND", b"")
    )  # fmt: skip


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("kind", PNGS)
@pytest.mark.parametrize("reader", ["image", "picture"])
def test_a_png_whose_data_decompress_to_less_than_its_rows_is_rejected(
    tmp_path: Path, kind: str, interlaced: bool, reader: str
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(kind, interlaced, 1))
    assert READERS[reader](path)
    for rows in (39, 38, 30.5, 20, 1):  # whole rows, and a part of one
        path.write_bytes(png(kind, interlaced, rows / ROWS))
        with pytest.raises(
            ImageError, match=r"a\.png: damaged: it (has \d+ of \d+ bytes|ends too early)"
        ):
            READERS[reader](path)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "P", "I;16"])
def test_a_whole_png_may_end_in_black(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.png"
    image = Image.new(mode, (33, 21), (0, 0, 0, 255) if mode == "RGBA" else 0)
    image.save(path)
    shown = np.asarray(image.convert("RGB" if mode != "I;16" else "L").convert("RGB"))
    assert np.array_equal(np.asarray(read_image(path)), shown)
    assert np.array_equal(read_picture(path).pixels, shown)


def test_counting_the_rows_of_a_png_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("L", (6000, 6000)).save(path)
    with path.open("rb") as file:
        tracemalloc.start()
        check_png_rows(file)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 4e6


def scans(content: bytes) -> list[int]:
    """Return the positions of a JPEG's scans, found by its markers."""
    return [at for at in range(len(content) - 1) if content[at : at + 2] == b"\xff\xda"]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_a_progressive_jpeg_without_its_last_scans_is_rejected(
    tmp_path: Path, mode: str, subsampling: str
) -> None:
    """It is a valid JPEG otherwise: no decoder warns, but the image is blurred."""
    file = io.BytesIO()
    image = Image.fromarray(textured(83, 51)).convert(mode)
    image.save(file, "JPEG", progressive=True, subsampling=subsampling, quality=90)
    content, path = file.getvalue(), tmp_path / "a.jpg"
    path.write_bytes(content)
    for read in READERS.values():
        assert read(path)
    starts = scans(content)
    assert len(starts) > 3
    for start in starts[1:]:
        path.write_bytes(content[:start] + b"\xff\xd9")
        for read in READERS.values():
            with pytest.raises(ImageError, match=r"a\.jpg: damaged: scans are missing for \d+"):
                read(path)


def test_bytes_between_the_segments_of_a_progressive_jpeg_are_ignored(tmp_path: Path) -> None:
    """Every decoder ignores them, at most with a warning."""
    file = io.BytesIO()
    Image.fromarray(textured(83, 51)).save(file, "JPEG", progressive=True)
    content, path = file.getvalue(), tmp_path / "a.jpg"
    start = content.index(b"\xff\xc2")
    path.write_bytes(content[:start] + b"junk" + content[start:])
    assert read_image(path).size == (83, 51)


def test_a_thumbnail_inside_does_not_count_as_the_picture(tmp_path: Path) -> None:
    """Its scans belong to another JPEG, which is inside the EXIF."""
    small = io.BytesIO()
    Image.fromarray(textured(32, 24)).save(small, "JPEG", progressive=True)
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + small.getvalue()
    path = tmp_path / "a.jpg"
    Image.fromarray(textured(83, 51)).save(path, progressive=True, exif=exif)
    assert read_image(path).size == (83, 51)


@pytest.mark.parametrize("options", [{"rowsperstrip": 7}, {"tile": (16, 16)}])
def test_a_tiff_whose_strips_or_tiles_are_missing_is_rejected(tmp_path: Path, options: Any) -> None:
    """Sparse files: bytes of the header would be read as pixels."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, textured(64, 48), photometric="rgb", **options)
    with tifffile.TiffFile(path, mode="r+") as file:
        tags = file.pages.first.tags
        tag = tags.get("StripOffsets") or tags["TileOffsets"]
        half = len(tag.value) // 2
        tag.overwrite([0 if number >= half else at for number, at in enumerate(tag.value)])
    with pytest.raises(ImageError, match=r"a\.tif: damaged: \d+ of \d+ (strip|tile)s are missing"):
        read_image(path)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_whose_rest_is_zeros_is_rejected_and_one_that_zeros_follow_is_not(
    tmp_path: Path, progressive: bool
) -> None:
    file, path = io.BytesIO(), tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[271] = "\xff\xd9"  # looks like an end, before the picture
    Image.fromarray(textured(83, 51)).save(file, "JPEG", progressive=progressive, exif=exif)
    content = file.getvalue()
    for kept in (0.5, 0.9):
        length = round(len(content) * kept)
        path.write_bytes(content[:length].ljust(max(len(content), length + 64), b"\0"))
        for read in READERS.values():
            with pytest.raises(ImageError, match=r"a\.jpg: damaged: "):
                read(path)
    path.write_bytes(content + bytes(500))
    for read in READERS.values():
        assert read(path)


def test_too_many_scans_are_rejected_before_they_are_decoded(tmp_path: Path) -> None:
    """Each scan takes time for every block: 400 kB took half a minute."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.jpg", progressive=True)
    whole = (tmp_path / "a.jpg").read_bytes()
    start = whole.rindex(b"\xff\xda")
    last = whole[start:-2]
    assert read_image(tmp_path / "a.jpg").size == (64, 64)
    (tmp_path / "a.jpg").write_bytes(whole[:start] + 200 * last + whole[-2:])
    for read in (read_image, read_pixels, read_picture, read_size):
        with pytest.raises(ImageError, match=r"a\.jpg: \d+ scans; at most 100 are supported"):
            read(tmp_path / "a.jpg")
