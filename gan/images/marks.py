"""Write and find marks in pictures that state that a trained model made them.

They are written as XMP, and found in any file.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import escape

from PIL.ImageFile import ImageFile

from gan import __version__
from gan.images.reader import opened
from gan.images.xmp import EMPTY, RDF, XMP, add, parsed, remove, serialized
from gan.system.hashing import file_sha256

EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's term for a picture that a trained model made from another one."""
OWN = {
    (XMP, "CreatorTool"), (EXT, "DigitalSourceType"), (EXT, "AISystemUsed"),
    (EXT, "AISystemVersionUsed"),
}  # fmt: skip
"""Properties of a mark, which replace those of the original."""
TRAINED = re.compile(rb"digitalsourcetype/(?:compositeWithT|t)rainedAlgorithmicMedia")
"""Terms in XMP or Content Credentials by which a file counts as made by a trained model."""
ADVICE = "marked as made by a trained model: remove them, or training learns that model's faults"
"""Advice about marked files in a training folder."""
ENDS = 2**18
"""Bytes at the beginning and at the end of a file that are searched for the terms."""


@dataclass(frozen=True)
class Mark:
    """What a mark states about a model."""

    sha256: str | None = None
    """SHA-256 of the model's weights file; None if there is no such file."""
    software: str = f"gan {__version__}"


def mark_of(weights: Path | None, wanted: bool = True) -> Mark | None:
    """Return the mark for pictures made with `weights`, a file or None; None unless `wanted`."""
    if not wanted:
        return None
    return Mark(file_sha256(weights) if weights else None)


def marked_xmp(packet: bytes | None, mark: Mark) -> bytes:
    """Return `packet`, or a new XMP packet, with the properties of a mark (OWN); keep others."""
    version = f"sha256:{mark.sha256}" if mark.sha256 else None
    values = {
        "xmp:CreatorTool": mark.software,
        "Iptc4xmpExt:DigitalSourceType": SOURCE,
        "Iptc4xmpExt:AISystemUsed": mark.software,
        "Iptc4xmpExt:AISystemVersionUsed": version,
    }
    properties = "".join(
        f"<{name}>{escape(value)}</{name}>" for name, value in values.items() if value
    )
    document = parsed(packet or EMPTY)
    remove(document, lambda space, name: (space, name) in OWN)
    add(
        document,
        f'<rdf:Description xmlns:rdf="{RDF}" xmlns:xmp="{XMP}" xmlns:Iptc4xmpExt="{EXT}" '
        f'rdf:about="">{properties}</rdf:Description>',
    )
    return serialized(document)


def states_model(image: ImageFile, file: BinaryIO) -> bool:
    """Return whether an opened image states that a trained model made it, or a part of it.

    Marks of any program are searched for in the XMP, and in the beginning and end of the file,
    where Content Credentials are. No pixels are decoded.
    """
    packet = image.info.get("xmp")
    parts = [packet] if isinstance(packet, bytes) else []
    length = file.seek(0, os.SEEK_END)
    for start in {0, max(0, length - ENDS)}:
        file.seek(start)
        parts.append(file.read(ENDS))
    return any(TRAINED.search(part) for part in parts)


def made_by_model(path: Path) -> bool:
    """Return whether a file states that a model made it; ImageError as from `read_size`."""
    with opened(path, float("inf"), pixels=False) as (image, file):
        return states_model(image, file)
