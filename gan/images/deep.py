"""Writing 16 bits a channel, which Pillow's modes hold for grey alone."""

import struct
import zlib
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from PIL.TiffTags import TAGS_V2_GROUPS

from gan.images.picture import Array, Picture

DEEP_FORMATS = frozenset({"PNG", "TIFF"})
ROWS = 64
"""Rows of a TIFF's strip."""
NAMES = {
    "width": 256, "height": 257, "bits": 258, "compression": 259, "photometric": 262,
    "offsets": 273, "samples": 277, "rows": 278, "counts": 279, "planes": 284, "extra": 338,
}  # fmt: skip
"""TIFF 6.0 tags, by what they say."""


def save_deep(picture: Picture, file: BinaryIO, kind: str) -> None:
    """Write a picture of uint16 as PNG or TIFF with its transparency and EXIF; lossless."""
    values = picture.pixels
    if picture.alpha is not None:
        values = np.dstack([values, picture.alpha])
    {"PNG": _save_png, "TIFF": _save_tiff}[kind](values, picture.exif, file)


def _save_png(values: Array, exif: Image.Exif | None, file: BinaryIO) -> None:
    if values.shape[2] == 2:  # OpenCV writes no grey with alpha
        values = values[:, :, [0, 0, 0, 1]]
    order = {1: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[values.shape[2]]
    done, encoded = cv2.imencode(".png", values if order is None else cv2.cvtColor(values, order))
    assert done
    data = encoded.tobytes()
    after_header = 8 + 25  # the signature and IHDR
    file.write(data[:after_header])
    if exif:
        file.write(_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")))
    file.write(data[after_header:])


def _chunk(kind: bytes, data: bytes) -> bytes:
    """PNG specification, section 5.3."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _save_tiff(values: Array, exif: Image.Exif | None, file: BinaryIO) -> None:
    """Strips of Deflate, little-endian; TIFF 6.0 and Adobe's technical notes."""
    height, width, samples = values.shape
    strips = [
        zlib.compress(values[top : top + ROWS].astype("<u2").tobytes())
        for top in range(0, height, ROWS)
    ]
    directory = ImageFileDirectory_v2(prefix=b"II")
    for tag in exif or ():
        assert exif
        directory[tag] = exif.get_ifd(tag) if tag in TAGS_V2_GROUPS else exif[tag]
    color = samples >= 3
    tags = {
        "width": width, "height": height, "bits": (16,) * samples, "compression": 8,
        "photometric": 2 if color else 1, "samples": samples, "rows": ROWS, "planes": 1,
        "counts": tuple(map(len, strips)), "offsets": (0,) * len(strips),
    }  # fmt: skip
    if samples in (2, 4):
        tags["extra"] = 2  # alpha that the colours are not multiplied with
    for name, value in tags.items():
        directory[NAMES[name]] = value
    starts = np.cumsum([0, *map(len, strips[:-1])])
    directory[NAMES["offsets"]] = tuple(int(start) for start in starts)
    directory.save(file)
    for strip in strips:
        file.write(strip)
