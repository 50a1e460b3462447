"""Which files are images, by suffix, and the kinds that the reader tries, by content."""

import contextlib
from functools import cache
from typing import Any

from PIL import Image, TiffImagePlugin

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".mpo": "JPEG",
    ".png": "PNG",
    ".apng": "PNG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".dib": "DIB",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".avif": "AVIF",
    ".gif": "GIF",
    ".ppm": "PPM",
    ".pgm": "PPM",
    ".pnm": "PPM",
    ".jp2": "JPEG2000",
    ".j2k": "JPEG2000",
    ".qoi": "QOI",
    ".heic": "HEIF",
    ".heif": "HEIF",
}
"""Pillow's name for each suffix. Pillow opens more, some through other programs (EPS runs
Ghostscript); files from strangers are not offered to those."""

IMAGE_SUFFIXES = frozenset(FORMATS)
"""Suffixes of the files that are images, in lower case, with the dot."""

NUMBERS = "RGB;numbers"
"""How pixels are packed of which Pillow knows no more than the header: `gan.images.numbers`."""
_UNSIGNED, _SIGNED, _FLOATS = (1,), (2,), (3,)
_GREYS = {
    (_UNSIGNED, 16): ("I;16", "I;16", "I;16B"),
    (_UNSIGNED, 32): ("I", "I;32", "I;32B"),
    (_SIGNED, 16): ("I", "I;16S", "I;16BS"),
    (_SIGNED, 32): ("I", "I;32S", "I;32BS"),
    (_FLOATS, 32): ("F", "F;32F", "F;32BF"),
    (_FLOATS, 64): ("F", "F;64F", "F;64BF"),
}
"""Pillow's mode for the numbers of a TIFF, and how it unpacks them in either byte order."""
_COLORS = ((_UNSIGNED, 32), (_SIGNED, 16), (_SIGNED, 32), (_FLOATS, 32), (_FLOATS, 64))
_THREE: tuple[tuple[int, tuple[int, ...]], ...] = ((2, ()), (1, ()), (1, (0, 0)))
"""Photometric interpretation and ExtraSamples of three bands: GDAL calls deep ones gray."""


class ImageError(ValueError):
    """An image file that cannot be used: its path, then the reason, in one line."""


@cache
def known_formats() -> tuple[str, ...]:
    """Return the formats that this installation reads; with the extra `heif`, HEIC too."""
    Image.init()
    _teach_tiff()
    with contextlib.suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()
    return tuple(name for name in dict.fromkeys(FORMATS.values()) if name in Image.OPEN)


def _teach_tiff() -> None:
    """Add to Pillow's table what it could unpack, but offers in one byte order or polarity only."""
    found: dict[Any, tuple[str, str]] = {}
    for place, order in enumerate((b"II", b"MM"), start=1):
        for (kind, bits), greys in _GREYS.items():
            for polarity in (0, 1):
                found[order, polarity, kind, 1, (bits,), ()] = greys[0], greys[place]
        for kind, bits in _COLORS:
            for polarity, more in _THREE:
                found[order, polarity, kind, 1, (bits,) * 3, more] = "RGB", NUMBERS
        for bits, end in ((8, ""), (16, ("", ";16L", ";16B")[place])):
            for more in ((), (0, 0), (0, 0, 0)):
                packed = "RGBX" if len(more) == 3 else "RGB"
                key = order, 1, _UNSIGNED, 1, (bits,) * len(packed), more
                found[key] = "RGB", packed + end
    for key, modes in found.items():
        TiffImagePlugin.OPEN_INFO.setdefault(key, modes)
