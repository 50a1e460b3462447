"""Read numbers that Pillow's modes cannot hold, with OpenCV.

Pillow keeps only the high bytes of 16-bit colors, and rejects 32-bit, signed and float colors. JPEG
2000 of more than 8 bits is read here, too.
"""

import contextlib
import os
import struct
from typing import Any, BinaryIO

import cv2
import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    EXTRASAMPLES,
    PHOTOMETRIC_INTERPRETATION,
    PLANAR_CONFIGURATION,
    SAMPLEFORMAT,
    SAMPLESPERPIXEL,
    ImageFileDirectory_v2,
    TiffImageFile,
)

from gan.images.color import FLOATS, SIGNED
from gan.images.complete import check_png_rows

COLOR_MODES = ("RGB", "RGBA", "RGBX", "LA")
BANDS = (1, 3, 4)
"""Supported numbers of bands in a TIFF."""
KINDS = {1: "", 2: ", signed", 3: ", floats", 5: ", complex", 6: ", complex"}
"""Text for a TIFF's SampleFormat."""
BY_PIXEL = "save the file with interleaved channels (PlanarConfiguration 1)"
BIG_TIFF = b"\x2b"


def floats_in(image: Image.Image) -> bool:
    """Return whether a file's numbers are floats."""
    tags = getattr(image, "tag_v2", {})
    return image.mode.startswith("F") or tags.get(SAMPLEFORMAT, (0,))[0] == FLOATS


def has_deep_color(image: Any) -> bool:
    """Return whether a color PNG or TIFF has more than 8 bits a channel, which Pillow cuts to 8."""
    if image.mode not in COLOR_MODES:
        return False
    if image.format == "TIFF":
        return bool(image.tag_v2.get(BITSPERSAMPLE, (8,))[0] > 8)
    return image.format == "PNG" and any(";16" in str(tile.args) for tile in image.tile)


def only_numbers(image: ImageFile) -> bool:
    """Return whether a TIFF has colors that Pillow cannot decode, not even to 8 bits."""
    if not isinstance(image, TiffImageFile) or image.mode != "RGB":
        return False
    bits, kind = (image.tag_v2.get(tag, (8,))[0] for tag in (BITSPERSAMPLE, SAMPLEFORMAT))
    return bits > 16 or (kind in (SIGNED, FLOATS) and bits > 8)


def in_planes(image: Any) -> bool:
    """Return whether a TIFF stores its bands as separate planes."""
    tags = getattr(image, "tag_v2", {})
    return bool(tags.get(PLANAR_CONFIGURATION, 1) != 1 and tags.get(SAMPLESPERPIXEL, 1) > 1)


def has_other_band(image: ImageFile) -> bool:
    """Return whether a TIFF has one more band than its colors, and the band is not transparency.

    ExtraSamples is then 0 (TIFF 6.0, p. 31): near infrared, heights, a mask. Without ExtraSamples
    the band is transparency, as OpenCV writes it.
    """
    if not isinstance(image, TiffImageFile):
        return False
    samples, colors = _samples(image)
    return samples - colors == 1 and image.tag_v2.get(EXTRASAMPLES, (2,))[0] == 0


def check_bands(image: ImageFile) -> None:
    """Raise ValueError for a TIFF with two or more bands in addition to its colors.

    Several bands in separate planes that are labeled gray are rejected too.
    """
    if isinstance(image, TiffImageFile):
        samples, colors = _samples(image)
        if samples > colors + 1:
            raise ValueError(
                f"{samples} bands, {colors} of them colors: at most one more is allowed"
            )
        if in_planes(image) and image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) in (0, 1):
            raise ValueError(f"{samples} bands in separate planes; {BY_PIXEL}")


def _samples(image: TiffImageFile) -> tuple[int, int]:
    """Return the number of bands of a TIFF, and how many of them are colors.

    Three or more bands that are labeled gray count as RGB: GDAL labels deep colors this way.
    """
    samples = image.tag_v2.get(SAMPLESPERPIXEL, 1)
    photometric = image.tag_v2.get(PHOTOMETRIC_INTERPRETATION, 1)
    grey = photometric in (0, 1)
    colors = {3: 1, 5: 4}.get(photometric, 3)
    return samples, 3 if grey and samples > 2 else 1 if grey else colors


def color_numbers(image: Any, file: BinaryIO, page: int = 0) -> Any:
    """Return deep colors as stored, an array (H, W, 3 or 4), not rotated upright.

    None if OpenCV cannot read them; ValueError if neither OpenCV nor Pillow can.
    """
    if image.format == "PNG":
        check_png_rows(file)  # OpenCV does not report missing rows
    planes = in_planes(image)
    found = None if planes else through_opencv(file, page)  # it mistakes planes for pixels
    if found is None and only_numbers(image):
        if planes:
            raise ValueError(f"signed, float or over-16-bit colors in separate planes; {BY_PIXEL}")
        raise ValueError("damaged, or its compression is not supported")
    return found


def through_opencv(file: BinaryIO, page: int = 0) -> Any:
    """Return a file's pixels (H, W, 3 or 4) as read by OpenCV, or None.

    None if OpenCV cannot read the file, or reads gray or 8 bits.
    """
    file.seek(0)
    content = np.frombuffer(_as_rgb(file.read()), np.uint8)
    with contextlib.suppress(cv2.error):
        if page:
            _, pages = cv2.imdecodemulti(content, cv2.IMREAD_UNCHANGED, range=(page, page + 1))
            values = pages[0] if pages else None
        else:
            values = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
        if values is not None and values.itemsize > 1 and values.ndim == 3:
            with_alpha = values.shape[2] == 4
            return cv2.cvtColor(values, cv2.COLOR_BGRA2RGBA) if with_alpha else values[:, :, ::-1]
    return None


def _as_rgb(content: bytes) -> bytes:
    """Return a TIFF's bytes, relabeled from gray to RGB if its first page has three or more bands.

    OpenCV would read only the first band. Other files are returned unchanged.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(content[:4])
    if order is None:
        return content
    (start,) = struct.unpack_from(f"{order}I", content, 4)
    (count,) = struct.unpack_from(f"{order}H", content, start)
    values = {}
    for at in range(start + 2, start + 2 + 12 * count, 12):
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", content, at)
        values[tag] = at + 8, value
    place, photometric = values.get(PHOTOMETRIC_INTERPRETATION, (0, 2))
    _, samples = values.get(SAMPLESPERPIXEL, (0, 1))
    if photometric != 1 or samples < 3:
        return content
    changed = bytearray(content)
    struct.pack_into(f"{order}H", changed, place, 2)
    return bytes(changed)


def _is_cut(file: BinaryIO) -> bool:
    """Return whether a TIFF ends before its first directory does."""
    file.seek(0)
    content = file.read(8)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(content[:4])
    if order is None:
        return False
    size = file.seek(0, os.SEEK_END)
    (start,) = struct.unpack(f"{order}I", content[4:].ljust(4, b"\0"))
    file.seek(start)
    (count,) = struct.unpack(f"{order}H", file.read(2).ljust(2, b"\0"))
    return len(content) < 8 or start + 2 > size or start + 2 + 12 * count > size


def what_is_not_read(file: BinaryIO) -> str | None:
    """Return why Pillow cannot read a TIFF, as text; None if the header does not show it."""
    if _is_cut(file):
        return "damaged TIFF: it ends too early"
    try:
        file.seek(0)
        head = file.read(8)
        head += file.read(8) if BIG_TIFF in head[2:4] else b""
        tags = ImageFileDirectory_v2(head)
        file.seek(tags.next)
        tags.load(file)
        bands = int(tags.get(SAMPLESPERPIXEL, 1))
        bits, kind = (int(tags.get(tag, (1,))[0]) for tag in (BITSPERSAMPLE, SAMPLEFORMAT))
    except Exception:  # damaged files raise many kinds
        return None
    if bands not in BANDS:
        return f"{bands} bands: only 1, 3 or 4 can be read"
    if bands == 4 and tags.get(PLANAR_CONFIGURATION, 1) != 1:
        return f"4 bands in separate planes; {BY_PIXEL}"
    if kind in KINDS and (kind > 1 or bits not in (1, 2, 4, 8, 16)):
        read = "supported: gray and RGB of 8, 16 or 32 bits, signed 16 or 32, floats of 32 or 64"
        return f"{bands} band{'s' * (bands > 1)} of {bits} bits{KINDS[kind]}; {read}"
    return None
