"""Which files are images, by suffix, and the kinds that the reader tries, by content."""

import contextlib
from functools import cache

from PIL import Image

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


class ImageError(ValueError):
    """An image file that cannot be used: its path, then the reason, in one line."""


@cache
def known_formats() -> tuple[str, ...]:
    """The formats that this installation reads; with the extra `heif`, HEIC too."""
    Image.init()
    with contextlib.suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()
    return tuple(name for name in dict.fromkeys(FORMATS.values()) if name in Image.OPEN)
