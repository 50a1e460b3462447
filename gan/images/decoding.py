"""From header to pixels, past three things that Pillow (11 to 12.3) gets wrong."""

from typing import BinaryIO

import cv2
import numpy as np
from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

CODESTREAM = b"\xff\x4f\xff\x51"
"""What JPEG 2000 begins with where no boxes are around it."""


def decoded(image: ImageFile, file: BinaryIO) -> Image.Image:
    """The image with its pixels, given its open file; raises whatever the decoder does."""
    if image.format == "JPEG2000" and image.mode in ("RGB", "RGBA"):
        bits = _jpeg2000_depth(file)
        if bits > 8:
            return _read_deep_jpeg2000(file, bits)
    if isinstance(image, TiffImageFile):
        _name_deep_planes(image)
        # TIFF asks for Pillow's own limit once more, unless it finds room for its pixels.
        image.im = Image.new(image.mode, image._tile_size).im
    image.load()
    return image


def _name_deep_planes(image: TiffImageFile) -> None:
    """Name separate planes of 16 bits as such: Pillow would read them as planes of 8."""
    if image.tag_v2.get(ExifTags.Base.BitsPerSample, (8,))[0] != 16:
        return
    order = "L" if image.tag_v2.prefix == b"II" else "B"
    for index, tile in enumerate(image.tile):
        match tile.args:
            case (str(plane), *layout) if tile.codec_name == "raw" and len(plane) == 1:
                image.tile[index] = tile._replace(args=(f"{plane};16{order}", *layout))


def _jpeg2000_depth(file: BinaryIO) -> int:
    """Bits per channel: from the image header box, or from the size marker of a bare codestream."""
    file.seek(0)
    header = file.read(256)
    at = 42 if header.startswith(CODESTREAM) else header.find(b"ihdr") + 14
    return (header[at] & 0x7F) + 1


def _read_deep_jpeg2000(file: BinaryIO, bits: int) -> Image.Image:
    """RGB or RGBA through OpenCV: Pillow turns the brightest values of each channel to 0."""
    file.seek(0)
    values = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or bits > 16:
        raise ValueError(f"damaged {bits}-bit JPEG 2000, or of a rare kind")
    order = cv2.COLOR_BGRA2RGBA if values.shape[2] == 4 else cv2.COLOR_BGR2RGB
    scaled = np.rint(values * np.float32(255 / (2**bits - 1))).astype(np.uint8)
    return Image.fromarray(cv2.cvtColor(scaled, order))
