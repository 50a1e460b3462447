"""XMP packets of files, found by the layout of each format and read by another parser than ours."""

import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from gan import __version__
from gan.images import Mark

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
EXT = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
XMP = "{http://ns.adobe.com/xap/1.0/}"
TIFF = "{http://ns.adobe.com/tiff/1.0/}"
TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
JPEG_HEADER = b"http://ns.adobe.com/xap/1.0/\0"

MARK = Mark("0123456789abcdef" * 4)
EXPECTED = {
    f"{XMP}CreatorTool": f"gan {__version__}",
    f"{EXT}DigitalSourceType": f"{TERMS}compositeWithTrainedAlgorithmicMedia",
    f"{EXT}AISystemUsed": f"gan {__version__}",
    f"{EXT}AISystemVersionUsed": f"sha256:{MARK.sha256}",
}
"""The properties of a file with this mark."""


def wrapped(content: str, about: str = "") -> bytes:
    """Return a packet with an rdf:Description of some attributes, or with elements after >."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{RDF[1:-1]}"><rdf:Description rdf:about="{about}" '
        f'xmlns:Iptc4xmpExt="{EXT[1:-1]}" xmlns:xmp="{XMP[1:-1]}" xmlns:tiff="{TIFF[1:-1]}" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmpNote="http://ns.adobe.com/xmp/note/" '
        'xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" '
        'xmlns:mwg="http://www.metadataworkinggroup.com/schemas/regions/" '
        f"{content}</rdf:Description></rdf:RDF></x:xmpmeta>   <?xpacket end='w'?>"
    ).encode()


def properties(packet: bytes | None) -> dict[str, str]:
    """Return a packet's properties as text; a property that occurs twice is an error."""
    found: dict[str, str] = {}
    for description in ET.fromstring(packet or b"<none/>").iter(f"{RDF}Description"):
        inside = {each.tag: "".join(each.itertext()) for each in description}
        both = inside | {name: text for name, text in description.items() if RDF not in name}
        assert not both.keys() & found.keys()
        found |= both
    return found


def packets(path: Path) -> list[bytes]:
    """Return the XMP packets of a JPEG, PNG, WebP, TIFF (of all pages) or AVIF file."""
    data = path.read_bytes()
    kinds = {b"\xff\xd8": _jpeg, b"\x89P": _png, b"RI": _webp, b"II": _tiff}
    return list(kinds.get(data[:2], _boxes)(data))


def _jpeg(data: bytes) -> Iterator[bytes]:
    at = 2
    while data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        segment = data[at + 4 : at + 2 + length]
        if data[at + 1] == 0xE1 and segment.startswith(JPEG_HEADER):
            yield segment[len(JPEG_HEADER) :]
        at += 2 + length


def _png(data: bytes) -> Iterator[bytes]:
    at = 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"iTXt" and data[at + 8 :].startswith(b"XML:com.adobe.xmp\0"):
            yield data[at + 8 + 22 : at + 8 + length]
        at += 12 + length


def _webp(data: bytes) -> Iterator[bytes]:
    at = 12
    while at < len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind == b"XMP ":
            yield data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _tiff(data: bytes) -> Iterator[bytes]:
    (at,) = struct.unpack_from("<I", data, 4)
    while at:
        (count,) = struct.unpack_from("<H", data, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, length, start = struct.unpack_from("<HHII", data, entry)
            if tag == 700:
                assert kind in (1, 7)
                yield data[start : start + length]
        (at,) = struct.unpack_from("<I", data, at + 2 + 12 * count)


def _boxes(data: bytes) -> Iterator[bytes]:
    start, end = data.find(b"<?xpacket begin"), data.find(b"<?xpacket end")
    if start >= 0:
        yield data[start:end]
