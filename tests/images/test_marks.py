"""Marks are read back by other readers in every format that holds XMP, and found in any file."""

import json
import shutil
import struct
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, PngImagePlugin

from gan import __version__
from gan.images import Mark, Picture, made_by_model, read_picture, read_with_traits, write_picture
from gan.images.stacks import cut_page
from gan.images.writer import write_stack
from tests.support.packets import EXPECTED, MARK, TERMS, packets, properties, wrapped

SUFFIXES = (".jpg", ".png", ".webp", ".tif", ".avif")
WITHOUT = (".bmp", ".ppm", ".gif", ".jp2", ".qoi")


def picture(depth: Any = np.uint8) -> Picture:
    """Return noise with EXIF of a camera, a time and a place."""
    most = np.iinfo(depth).max
    pixels = np.random.default_rng(0).integers(0, most, (24, 32, 3), dtype=depth)
    exif = Image.Exif()
    exif.update({271: "Camera maker", 315: "Photographer", 33432: "2020"})
    exif.get_ifd(ExifTags.IFD.Exif).update({36867: "2020:01:02 03:04:05", 33437: 2.8})
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (48.0, 12.0, 30.0)})
    exif.update({34665: 0, 34853: 0})
    return Picture(pixels, exif=exif)


def exif_of(path: Path) -> dict[str, dict[int, Any]]:
    with Image.open(path) as image:
        exif = image.getexif()
        directories = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
        # The tags that say where the pixels and the packet of a TIFF are do not describe it.
        plain = {tag: value for tag, value in exif.items() if tag in (271, 315, 33432)}
        return {"main": plain} | {str(each): dict(exif.get_ifd(each)) for each in directories}


CASES = [*((suffix, np.uint8) for suffix in SUFFIXES), (".png", np.uint16), (".tif", np.uint16)]


@pytest.mark.parametrize(("suffix", "depth"), CASES)
def test_a_mark_is_read_back_and_the_exif_is_intact(
    tmp_path: Path, suffix: str, depth: Any
) -> None:
    plain, path = tmp_path / f"plain{suffix}", tmp_path / f"marked{suffix}"
    write_picture(picture(depth), plain)
    write_picture(picture(depth).with_mark(MARK), path)
    (packet,) = packets(path)
    assert properties(packet) == EXPECTED
    assert exif_of(path) == exif_of(plain)
    assert exif_of(path)["main"] == {271: "Camera maker", 315: "Photographer", 33432: "2020"}
    assert (read_picture(path).pixels == read_picture(plain).pixels).all()
    assert packets(plain) == []
    assert made_by_model(path)
    assert not made_by_model(plain)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize(("suffix", "depth"), CASES)
def test_exiftool_reads_marks_and_exif(tmp_path: Path, suffix: str, depth: Any) -> None:
    path = tmp_path / f"marked{suffix}"
    write_picture(picture(depth).with_mark(MARK), path)
    command = ["exiftool", "-json", "-G1", "-validate", "-warning", "-all", str(path)]
    (found,) = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert found["XMP-iptcExt:DigitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert found["XMP-xmp:CreatorTool"] == f"gan {__version__}"
    assert found["XMP-iptcExt:AISystemVersionUsed"] == f"sha256:{MARK.sha256}"
    assert found["IFD0:Make"] == "Camera maker"
    assert found["ExifIFD:DateTimeOriginal"] == "2020:01:02 03:04:05"
    assert "XMP" not in str(found.get("ExifTool:Warning", ""))


@pytest.mark.parametrize("suffix", [*SUFFIXES, *WITHOUT])
def test_without_a_mark_no_trace_is_left(tmp_path: Path, suffix: str) -> None:
    """Not even of a mark that the original has: files are those of a picture without XMP."""
    before = picture()
    write_picture(replace(before, exif=None), tmp_path / f"plain{suffix}")
    marked = replace(before.with_mark(MARK), exif=None)
    write_picture(marked.with_mark(None), tmp_path / f"off{suffix}")
    write_picture(marked, tmp_path / f"on{suffix}")
    plain, off, on = (
        (tmp_path / f"{name}{suffix}").read_bytes() for name in ("plain", "off", "on")
    )
    assert off == plain
    assert b"xpacket" not in plain
    assert (on == plain) == (suffix in WITHOUT)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_equal_marks_give_equal_files(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        write_picture(picture().with_mark(MARK), tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_a_mark_is_read_back_from_heic(tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif", reason="the extra heif is not installed")
    path = tmp_path / "marked.heic"
    write_picture(picture().with_mark(MARK), path)
    assert [properties(packet) for packet in packets(path)] == [EXPECTED]
    assert made_by_model(path)


def test_every_page_of_a_stack_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "stack.tif"
    write_stack([picture(np.uint16).with_mark(MARK)] * 3, path)
    assert [properties(packet) for packet in packets(path)] == [EXPECTED] * 3


@pytest.mark.parametrize("shape", [(24, 32), (24, 32, 3)])
def test_a_page_that_is_cut_out_of_a_marked_stack_keeps_the_mark(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    pixels = np.random.default_rng(0).integers(0, 65535, (24, 32, 3), np.uint16)
    page = Picture(pixels[:, :, : 1 if len(shape) == 2 else 3]).with_mark(MARK)
    write_stack([page, page], tmp_path / "stack.tif")
    (tmp_path / "page.tif").write_bytes(cut_page(tmp_path / "stack.tif", 1))
    assert [properties(packet) for packet in packets(tmp_path / "page.tif")] == [EXPECTED]


def test_a_mark_and_a_place_on_the_map_are_kept_together(tmp_path: Path) -> None:
    place = {33550: (12, (2.0, 2.0, 0.0)), 33922: (12, (0.0, 0.0, 0.0, 1.0, 2.0, 0.0))}
    path = tmp_path / "map.tif"
    write_picture(replace(picture(), place=place).with_mark(MARK), path)
    assert properties(packets(path)[0]) == EXPECTED
    assert read_picture(path).place.keys() == place.keys()


def test_a_model_without_a_file_has_no_hash() -> None:
    found = properties(picture().with_mark(Mark()).xmp)
    assert found == {name: EXPECTED[name] for name in EXPECTED if "Version" not in name}


@pytest.mark.parametrize(
    ("packet", "counts"),
    [
        (f'Iptc4xmpExt:DigitalSourceType="{TERMS}trainedAlgorithmicMedia">', True),
        (f'Iptc4xmpExt:DigitalSourceType="{TERMS}compositeWithTrainedAlgorithmicMedia">', True),
        (f"><Iptc4xmpExt:DigitalSourceType>{TERMS}trainedAlgorithmicMedia"
         "</Iptc4xmpExt:DigitalSourceType>", True),
        (f'Iptc4xmpExt:DigitalSourceType="{TERMS}digitalCapture">', False),
        (f'Iptc4xmpExt:DigitalSourceType="{TERMS}algorithmicMedia">', False),
        ('xmp:CreatorTool="gan 0.1.0">', False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_marks_of_other_programs_are_found(
    tmp_path: Path, suffix: str, packet: str, counts: bool
) -> None:
    path = tmp_path / f"other{suffix}"
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", wrapped(packet).decode(), zip=True)
    more: dict[str, Any] = {"pnginfo": info} if suffix == ".png" else {"xmp": wrapped(packet)}
    if suffix == ".tif":
        more = {"tiffinfo": {700: wrapped(packet)}}
    Image.fromarray(picture().pixels).save(path, **more)
    assert made_by_model(path) == counts
    _, traits = read_with_traits(path)
    assert ("generated" in traits.unusual) == counts


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(
        ">I", zlib.crc32(kind + content)
    )  # fmt: skip


def test_content_credentials_and_xmp_after_the_pixels_are_found(tmp_path: Path) -> None:
    Image.fromarray(picture().pixels).save(tmp_path / "plain.png")
    data = (tmp_path / "plain.png").read_bytes()
    term = f"\x71{TERMS}trainedAlgorithmicMedia".encode()
    credentials = chunk(b"caBX", b"jumb...c2pa" + term)
    (tmp_path / "credentials.png").write_bytes(data[:33] + credentials + data[33:])
    late = chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + term)
    (tmp_path / "late.png").write_bytes(data[:-12] + late + data[-12:])
    assert not made_by_model(tmp_path / "plain.png")
    assert made_by_model(tmp_path / "credentials.png")
    assert made_by_model(tmp_path / "late.png")


def test_no_pixels_are_decoded_to_find_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "marked.png"
    write_picture(picture().with_mark(MARK), path)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"IDAT") + 8])  # without pixels, it cannot be read
    assert made_by_model(path)
    with pytest.raises(ValueError, match="damaged"):
        read_picture(path)
