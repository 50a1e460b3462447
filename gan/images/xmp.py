"""XMP packets (ISO 16684-1) of originals, for images that are made from them."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.dom.minidom import Attr, Document, Element, parseString

from PIL.ImageFile import ImageFile

from gan.images.reasons import plain_reason

Unwanted = Callable[[str, str], bool]
"""Returns whether a property is to be removed, given its namespace and name."""

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
ADOBE, GOOGLE = "http://ns.adobe.com/", "http://ns.google.com/photos/1.0/"
XMP, NOTE = f"{ADOBE}xap/1.0/", f"{ADOBE}xmp/note/"
EXTENDED = "HasExtendedXMP"
STALE: Mapping[str, tuple[str, ...]] = {
    XMP: ("Thumbnails",),
    f"{ADOBE}xap/1.0/mm/": ("InstanceID",),
    f"{ADOBE}tiff/1.0/": (
        "Orientation", "ImageWidth", "ImageLength", "BitsPerSample", "Compression",
        "PhotometricInterpretation", "SamplesPerPixel", "PlanarConfiguration", "YCbCrSubSampling",
        "YCbCrPositioning", "NativeDigest",
    ),
    f"{ADOBE}exif/1.0/": (
        "PixelXDimension", "PixelYDimension", "ColorSpace", "MakerNote", "NativeDigest",
    ),
    f"{ADOBE}photoshop/1.0/": ("ICCProfile", "ColorMode"),
}  # fmt: skip
"""Properties by namespace that describe how the original stores its picture."""
STALE_WHOLE = frozenset({
    NOTE,
    f"{ADOBE}camera-raw-settings/1.0/",
    f"{ADOBE}hdr-gain-map/1.0/",
    "http://ns.apple.com/HDRGainMap/1.0/",
    *(f"{GOOGLE}{part}/" for part in ("camera", "container", "depthmap", "image")),
})  # fmt: skip
"""Namespaces that are removed as a whole: edits already applied, further pictures in the file."""
REGIONS = frozenset({
    "http://www.metadataworkinggroup.com/schemas/regions/",
    "http://ns.microsoft.com/photo/1.2/",
})  # fmt: skip
"""Namespaces of regions, such as faces, in the coordinates of the stored picture."""
MOST_READ, LARGEST = 2**17, 64_000
"""Largest size in bytes of a packet to parse, and of one to keep. With the mark, which is added
later, the kept packet must fit into the 65,502 bytes that a JPEG holds."""
NO_SPACES = (RDF, "http://www.w3.org/2000/xmlns/", "http://www.w3.org/XML/1998/namespace", None)
"""Namespaces of attributes that are not properties."""
MOST_DEPTH = 100
"""Largest depth of elements in a packet: serialization is recursive."""
BLANK = b"\0 \t\r\n"
FIRST_ELEMENT = re.compile(r"<(?![?!])")
PACKET = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{}\n<?xpacket end="w"?>'
EMPTY = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"></rdf:RDF></x:xmpmeta>'
).encode()


def kept_xmp(image: ImageFile, turn: int, remark: Callable[[str], None]) -> bytes | None:
    """Return the XMP of an opened image for an upright sRGB image that is made from it.

    `turn` is its EXIF orientation. None if the image has no XMP. XMP that is damaged or too large
    for a JPEG is dropped: None, with a remark. Properties that describe the file are removed.
    """
    packet = image.info.get("xmp")
    if not isinstance(packet, bytes) or not packet.strip(BLANK):
        return None
    try:
        if len(packet) > MOST_READ:
            raise ValueError(f"{len(packet)} bytes, but a JPEG holds at most {LARGEST}")
        document = parsed(packet)
        removed = remove(document, lambda space, name: _is_stale(space, name, turn))
        kept = serialized(document)
        if len(kept) > LARGEST:
            raise ValueError(f"{len(kept)} bytes, but a JPEG holds at most {LARGEST}")
    except Exception as error:  # damaged XMP raises many kinds; the picture is still good
        remark(f"XMP dropped: {plain_reason(error)}")
        return None
    if (NOTE, EXTENDED) in removed:
        remark("extended XMP dropped: only its first part, of one JPEG segment, is kept")
    return kept


def _is_stale(space: str, name: str, turn: int) -> bool:
    stale = space in STALE_WHOLE or name in STALE.get(space, ())
    return stale or (turn != 1 and space in REGIONS)


def parsed(packet: bytes) -> Document:
    """Parse a packet; ValueError, or expat's error, if it is not XMP.

    The text before the first element is not parsed. Entities could be declared only there, so none
    are expanded. The encoding is UTF-8, whatever is declared there.
    """
    text = packet.strip(BLANK).decode("utf-8")
    if (first := FIRST_ELEMENT.search(text)) is None:
        raise ValueError("damaged: it has no elements")
    document = parseString(text[first.start() :].encode())
    if _rdf(document) is None:
        raise ValueError("damaged: it has no rdf:RDF")
    level: list[Any] = list(document.childNodes)
    for _ in range(MOST_DEPTH):
        level = [inner for each in level for inner in each.childNodes]
    if level:
        raise ValueError(f"its elements have more than {MOST_DEPTH} levels")
    return document


def _rdf(document: Document) -> Element | None:
    """Return the element rdf:RDF (the root, or a child of it), or None."""
    root = document.documentElement
    assert root is not None
    inside = [root, *(each for each in root.childNodes if isinstance(each, Element))]
    return next((each for each in inside if _key(each) == (RDF, "RDF")), None)


def remove(document: Document, unwanted: Unwanted) -> set[tuple[str, str]]:
    """Remove the `unwanted` properties from a packet; return (namespace, name) of each."""
    removed: set[tuple[str, str]] = set()
    rdf = _rdf(document)
    assert rdf is not None
    inside = [each for each in rdf.childNodes if isinstance(each, Element)]
    for description in (each for each in inside if _key(each) == (RDF, "Description")):
        properties = _properties(description)
        gone = [node for node in properties if unwanted(*_key(node))]
        for node in gone:
            removed.add(_key(node))
            if isinstance(node, Element):
                description.removeChild(node)
            else:
                description.removeAttributeNode(node)
        if len(gone) == len(properties):
            rdf.removeChild(description)
    return removed


def _properties(description: Element) -> list[Element | Attr]:
    """Return the properties of a description: elements in it, and attributes of it."""
    short = [each for each in description.attributes.values() if each.namespaceURI not in NO_SPACES]
    return [*short, *(each for each in description.childNodes if isinstance(each, Element))]


def _key(node: Element | Attr) -> tuple[str, str]:
    return node.namespaceURI or "", node.localName or ""


def add(document: Document, description: str) -> None:
    """Add an rdf:Description, given as XML with its namespaces, to a packet."""
    rdf, added = _rdf(document), parseString(description.encode()).documentElement
    assert rdf is not None
    assert added is not None
    rdf.appendChild(document.importNode(added, True))


def serialized(document: Document) -> bytes:
    """Return a packet as bytes; equal documents give equal bytes."""
    root = document.documentElement
    assert root is not None
    return PACKET.format(root.toxml()).encode()
