"""The suffixes of image files, and the formats that the reader tries by content."""

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
"""Pillow's name of the format by suffix. Pillow can open other formats, some through external
programs (EPS runs Ghostscript); such files are not passed to it."""

IMAGE_SUFFIXES = frozenset(FORMATS)
"""Suffixes of image files, in lower case, with the dot."""

NUMBERS = "RGB;numbers"
"""Raw mode of TIFFs of which Pillow reads only the header; `gan.images.numbers` reads the rest."""
_UNSIGNED, _SIGNED, _FLOATS = (1,), (2,), (3,)
_GREYS = {
    (_UNSIGNED, 16): ("I;16", "I;16", "I;16B"),
    (_UNSIGNED, 32): ("I", "I;32", "I;32B"),
    (_SIGNED, 16): ("I", "I;16S", "I;16BS"),
    (_SIGNED, 32): ("I", "I;32S", "I;32BS"),
    (_FLOATS, 32): ("F", "F;32F", "F;32BF"),
    (_FLOATS, 64): ("F", "F;64F", "F;64BF"),
}
"""(SampleFormat, bits) of a gray TIFF: Pillow's mode, its raw modes for little and big endian."""
_COLORS = ((_UNSIGNED, 32), (_SIGNED, 16), (_SIGNED, 32), (_FLOATS, 32), (_FLOATS, 64))
_THREE: tuple[tuple[int, tuple[int, ...]], ...] = ((2, ()), (1, ()), (1, (0, 0)))
"""(PhotometricInterpretation, ExtraSamples) of deep colors; GDAL labels them as gray (1)."""


class ImageError(ValueError):
    """An image file cannot be used; the message is one line: its path, then the reason."""


class UnreachableError(ImageError):
    """A store's images cannot be read now.

    It has its own type because an error that comes from a loader worker has lost its `__cause__`.
    """


@cache
def known_formats() -> tuple[str, ...]:
    """Return Pillow's names of the formats that can be read; HEIC needs the extra `heif`."""
    Image.init()
    _teach_tiff()
    with contextlib.suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()
    return tuple(name for name in dict.fromkeys(FORMATS.values()) if name in Image.OPEN)


def _teach_tiff() -> None:
    """Add to Pillow's table the TIFFs that it rejects, or accepts in one byte order only.

    Pillow can unpack all of them except deep colors; of these it reads the header only (NUMBERS).
    """
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
