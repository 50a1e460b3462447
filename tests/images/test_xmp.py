"""The XMP of an original is kept with the mark; damaged and hostile packets cost nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from gan.images import Mark, made_by_model, read_image, read_picture, write_picture
from gan.images.picture import Picture
from gan.images.xmp import kept_xmp
from tests.support.packets import (
    EXPECTED,
    EXT,
    MARK,
    TERMS,
    TIFF,
    XMP,
    packets,
    properties,
    wrapped,
)

DC = "{http://purl.org/dc/elements/1.1/}"
GREY = np.full((20, 30, 3), 90, np.uint8)


def original(path: Path, packet: bytes) -> Path:
    """Write a picture with a packet."""
    where: dict[str, Any] = (
        {"xmp": packet} if path.suffix != ".tif" else {"tiffinfo": {700: packet}}
    )
    Image.fromarray(GREY).save(path, **where)
    return path


@pytest.mark.parametrize("source", [".jpg", ".webp", ".tif", ".avif"])
@pytest.mark.parametrize("target", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_other_properties_stay_and_the_source_type_is_replaced(
    tmp_path: Path, source: str, target: str
) -> None:
    packet = wrapped(
        f'Iptc4xmpExt:DigitalSourceType="{TERMS}digitalCapture" xmp:Rating="4" '
        'xmp:CreatorTool="Camera 1.0" Iptc4xmpExt:Event="A &amp; B"><dc:title><rdf:Alt>'
        '<rdf:li xml:lang="x-default">Möwe &lt;3</rdf:li></rdf:Alt></dc:title>',
        about="uuid:1",
    )
    path = original(tmp_path / f"original{source}", packet)
    write_picture(read_picture(path).with_mark(MARK), tmp_path / f"out{target}")
    (found,) = packets(tmp_path / f"out{target}")
    others = {f"{XMP}Rating": "4", f"{EXT}Event": "A & B", f"{DC}title": "Möwe <3"}
    assert properties(found) == EXPECTED | others
    assert b'xml:lang="x-default"' in found


def test_a_second_translation_replaces_the_mark_of_the_first() -> None:
    first = Picture(GREY).with_mark(Mark("1" * 64))
    assert first.with_mark(MARK) == Picture(GREY, xmp=Picture(GREY).with_mark(MARK).xmp)


@pytest.mark.parametrize("turn", [1, 6])
def test_what_describes_the_stored_file_is_dropped(tmp_path: Path, turn: int) -> None:
    packet = wrapped(
        f'tiff:Orientation="{turn}" tiff:Make="Maker" crs:Exposure="+1" mwg:Regions="face">'
        "<tiff:ImageWidth>30</tiff:ImageWidth>"
    )
    path, out = original(tmp_path / "a.jpg", packet), tmp_path / "out.png"
    write_picture(read_picture(path).with_mark(MARK), out)
    found = properties(packets(out)[0])
    regions = {"{http://www.metadataworkinggroup.com/schemas/regions/}Regions": "face"}
    assert found == EXPECTED | {f"{TIFF}Make": "Maker"} | (regions if turn == 1 else {})
    with Image.open(out) as image:  # Pillow takes the orientation from XMP, too
        assert ImageOps.exif_transpose(image).size == read_image(path).size
        assert image.size == ((30, 20) if turn == 1 else (20, 30))


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BAD = {
    "empty description": (b"<rdf:RDF", "damaged"),
    "no XML": (b"\x00\xff hello", "damaged"),
    "text": (b"hello", "no elements"),
    "not closed": (wrapped('xmp:Rating="4">')[:-60], "damaged"),
    "no RDF": (b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>', "no rdf:RDF"),
    "two bytes": (wrapped('xmp:Rating="4">').decode().encode("utf-16"), "damaged"),
    "entity": (wrapped('xmp:Rating="&secret;">'), "damaged"),
    "bomb": (
        f'<!DOCTYPE x [<!ENTITY l0 "ha">{BOMB}]>'.encode() + wrapped('xmp:Rating="&l9;">'),
        "damaged",
    ),
    "deep": (wrapped(">" + "<dc:a>" * 4000 + "</dc:a>" * 4000), "more than 100 levels"),
    "large": (wrapped(f'xmp:Label="{"x" * 65_000}">'), "a JPEG holds at most 64000"),
    "huge": (wrapped(f'xmp:Label="{"x" * 5_000_000}">'), "a JPEG holds at most 64000"),
    "many": (wrapped(" ".join(f'dc:a{n}="{n}"' for n in range(4000)) + ">"), ""),
}


@pytest.mark.parametrize("name", BAD)
def test_damaged_and_hostile_packets_are_dropped_with_a_remark(tmp_path: Path, name: str) -> None:
    packet, reason = BAD[name]
    path = original(tmp_path / "bad.webp", packet)
    picture = read_picture(path)
    assert picture.pixels.shape == GREY.shape
    if reason:
        assert picture.xmp is None
        (remark,) = picture.remarks
        assert remark.startswith("XMP dropped: ")
        assert reason in remark
        assert len(remark) < 120
    write_picture(picture.with_mark(MARK), tmp_path / "out.jpg")
    found = properties(packets(tmp_path / "out.jpg")[0])
    assert found.items() >= EXPECTED.items()
    assert len(found) == len(EXPECTED) + (0 if reason else 4000)
    assert made_by_model(tmp_path / "out.jpg")
    assert not made_by_model(path)


def test_the_largest_packet_that_is_kept_fits_into_a_jpeg(tmp_path: Path) -> None:
    packet = wrapped(f'xmp:Label="{"x" * 63_000}">')
    picture = read_picture(original(tmp_path / "a.webp", packet))
    write_picture(picture.with_mark(MARK), tmp_path / "out.jpg")
    assert len(properties(packets(tmp_path / "out.jpg")[0])[f"{XMP}Label"]) == 63_000


def test_an_extended_packet_is_cut_to_its_first_part_with_a_remark(tmp_path: Path) -> None:
    packet = wrapped('xmpNote:HasExtendedXMP="0123" xmp:Rating="4">')
    picture = read_picture(original(tmp_path / "a.jpg", packet))
    assert properties(picture.xmp) == {f"{XMP}Rating": "4"}
    assert picture.remarks == (
        "extended XMP dropped: only its first part, of one JPEG segment, is kept",
    )


@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_bytes_are_kept_or_dropped_without_an_error(content: bytes, at: int) -> None:
    whole = wrapped('xmp:Rating="4"><dc:title>x</dc:title>')
    image: Image.Image = Image.new("RGB", (2, 2))
    image.info["xmp"] = whole[:at] + content + whole[at + len(content) :]
    remarks: list[str] = []
    kept = kept_xmp(image, 1, remarks.append)  # type: ignore[arg-type]
    assert (kept is None) == bool(remarks) or not properties(kept)
    Picture(GREY, xmp=kept).with_mark(MARK)
