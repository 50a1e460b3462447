"""Read image files, upright, in 8-bit sRGB or gray."""

import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import (
    PHOTOMETRIC_INTERPRETATION,
    PLANAR_CONFIGURATION,
    TiffImageFile,
)

from gan.config.choices import MAX_MEGAPIXELS, Channels, Range
from gan.images.budget import needed, present
from gan.images.color import ROWS, black_and_white, scaled, to_channels
from gan.images.complete import check_end, check_length
from gan.images.formats import FORMATS, ImageError, known_formats
from gan.images.numbers import (
    check_bands,
    color_numbers,
    has_other_band,
    only_numbers,
    through_opencv,
    what_is_not_read,
)
from gan.images.reasons import header_reason, plain_reason
from gan.system.remote import opened_for

CODESTREAM = b"\xff\x4f\xff\x51"
"""The first bytes of a JPEG 2000 codestream without the boxes of a JP2 file."""
PLANES = ("('R", "('G", "('B", "('RGB")
"""Beginning, as text, of the arguments of Pillow's decoder for a plane of colors."""
YCBCR = 6
TURNED = re.compile(r"([IF];\d+)B([SF]?)")
"""Pillow's raw modes for big-endian numbers."""
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transposition that undoes each EXIF orientation; 5 to 8 swap width and height."""


def read_image(
    path: Path,
    *,
    channels: Channels = 3,
    draft_size: int | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
) -> Image.Image:
    """Read a file as mode L (1 channel) or RGB, 8-bit sRGB, upright, on white where transparent.

    Of an animation, read the first frame. 16 bits and floats in [0, 1] are scaled to 8 bits. With
    `draft_size` a JPEG is decoded at 1/2, 1/4 or 1/8 of its size, as long as both sides keep at
    least that many pixels: up to ten times faster, with errors of a few gray levels.

    ImageError, in one line, if the file cannot be read completely or exceeds `max_megapixels`.
    A color profile that cannot be used is ignored with a warning.
    """
    with opened(path, max_megapixels) as (image, file):
        if draft_size:
            image.draft(None, (draft_size, draft_size))
        pixels = to_channels(decoded(image, file), channels, str(path))
        turn = UPRIGHT.get(orientation(image))
        return pixels if turn is None else pixels.transpose(turn)


def read_size(path: Path, *, max_megapixels: float = MAX_MEGAPIXELS) -> tuple[int, int]:
    """Return (width, height) of the upright image, from the file's header.

    ImageError as from `read_image`, but a truncated file is accepted unless it is far too short.
    """
    with opened(path, max_megapixels, pixels=False) as (image, file):
        if image.format == "PNG" and metadata_follows_pixels(file):
            with present().held(needed(image)):
                image.load()
        width, height = image.size
        return (height, width) if orientation(image) >= 5 else (width, height)


def read_orientation(path: Path) -> int:
    """Return a file's EXIF orientation, 1 (upright) to 8; ImageError if it is not an image."""
    with opened(path, float("inf"), pixels=False) as (image, _):
        return orientation(image)


@contextmanager
def opened(
    path: Path, max_megapixels: float, *, pixels: bool = True
) -> Iterator[tuple[ImageFile, BinaryIO]]:
    """Yield an image with its header read, and its file; turn errors in the block into ImageError.

    With `pixels`, the memory for decoding is reserved in the process's budget during the block.
    """
    try:
        with opened_for(path, header=not pixels) as file:
            image = _identified(file)
            megapixels = image.width * image.height / 1e6
            if megapixels > max_megapixels:
                raise ValueError(f"{megapixels:.1f} megapixels; at most {max_megapixels:g} allowed")
            check_bands(image)
            check_length(image, file)
            with present().held(needed(image) if pixels else 0):
                yield image, file
    # Decoders of damaged files raise nearly everything, from struct.error to MemoryError.
    except Exception as error:
        raise ImageError(f"{path}: {plain_reason(error)}") from error


def _identified(file: BinaryIO) -> ImageFile:
    """Return a file's image with its header read; its format is detected from its first bytes.

    `Image.open` does the same, and then checks the global `Image.MAX_IMAGE_PIXELS`. Setting this
    limit for a moment would change it for other threads and libraries. Therefore this function
    tries the formats that Pillow has registered, without the check.
    """
    prefix = file.read(16)
    if not prefix:
        raise ValueError("empty file")
    reason = "not an image of a known kind"
    for name in known_formats():
        factory, accept = Image.OPEN[name]
        accepted = accept is None or accept(prefix)
        if isinstance(accepted, str):  # the kind is known, its decoder is not installed
            reason = accepted
        elif accepted:
            file.seek(0)
            try:
                return factory(file, "")
            # HEIF and AVIF can begin with the same bytes; damaged headers raise the other errors.
            except (SyntaxError, struct.error, IndexError, KeyError, TypeError, EOFError) as error:
                reason = header_reason(name, error)
                if name == "TIFF":
                    reason = what_is_not_read(file) or reason
    kind = FORMATS.get(Path(file.name).suffix.lower())
    if kind == "HEIF" and kind not in known_formats():
        reason += "; HEIC needs another package: pip install pillow-heif"
    raise ValueError(reason)


def orientation(image: ImageFile) -> int:
    """Return the EXIF orientation that is still to be undone, 1 to 8; 1 if the EXIF is damaged."""
    if isinstance(image, TiffImageFile):  # Pillow undoes it while loading, and gives upright sizes
        return 1
    try:
        # The base class's method: PNG's would decode the image first.
        value = Image.Image.getexif(image).get(ExifTags.Base.Orientation)
    except Exception:  # damaged EXIF raises many kinds; the picture is still good
        return 1
    return value if value in UPRIGHT else 1


def metadata_follows_pixels(file: BinaryIO) -> bool:
    """Return whether a PNG has EXIF or XMP after its pixels: Pillow finds it while decoding."""
    file.seek(8)
    pixels_passed = False
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if pixels_passed and kind in (b"eXIf", b"iTXt"):
            return True
        pixels_passed |= kind == b"IDAT"
        file.seek(length + 4, os.SEEK_CUR)
    return False


def decoded(image: ImageFile, file: BinaryIO) -> Image.Image:
    """Return the opened image with its pixels decoded; avoid four bugs of Pillow (11 to 12.3).

    ValueError if pixels are missing in the file; decoders raise many other errors.
    """
    if only_numbers(image):
        return eight_bit_image(color_numbers(image, file))
    rgb = image.format == "JPEG2000" and image.mode in ("RGB", "RGBA")
    if rgb and (bits := _jpeg2000_depth(file)) > 8:
        return _read_deep_jpeg2000(file, bits)
    if isinstance(image, TiffImageFile):
        _name_deep_planes(image)
        _name_own_order(image)
        if image.mode == "RGB" and image.tag_v2.get(PLANAR_CONFIGURATION, 1) != 1:
            # The plane of another band, for which Pillow has no name.
            image.tile = [tile for tile in image.tile if str(tile.args).startswith(PLANES)]
        if image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == YCBCR and image.tile[0][0] == "raw":
            return _read_plain_ycbcr(file)
        # Pillow checks its size limit again for a TIFF, unless memory is allocated already.
        image.im = Image.new(image.mode, image._tile_size).im
    other = image.mode == "RGBA" and has_other_band(image)
    image.load()
    check_end(image, file)
    return image.convert("RGB") if other else image


def _name_deep_planes(image: TiffImageFile) -> None:
    """Mark separate planes of 16 bits as such: Pillow would read them as planes of 8 bits."""
    if image.tag_v2.get(ExifTags.Base.BitsPerSample, (8,))[0] != 16:
        return
    order = "L" if image.tag_v2.prefix == b"II" else "B"
    for index, tile in enumerate(image.tile):
        match tile.args:
            case (str(plane), *layout) if tile.codec_name == "raw" and len(plane) == 1:
                image.tile[index] = tile._replace(args=(f"{plane};16{order}", *layout))


def _name_own_order(image: TiffImageFile) -> None:
    """Mark compressed numbers as being in native byte order: libtiff converts them."""
    for index, tile in enumerate(image.tile):
        match tile.args:
            case (str(packed), *more) if tile.codec_name == "libtiff":
                image.tile[index] = tile._replace(args=(TURNED.sub(r"\1N\2", packed), *more))


def eight_bit_image(numbers: NDArray[Any], values: Range | None = None) -> Image.Image:
    """Return colors (H, W, 3 or 4) as an 8-bit image, scaled from `values` or their type's range.

    ValueError as from `black_and_white`.
    """
    ends = black_and_white([numbers], values)
    levels = np.empty(numbers.shape, np.uint8)
    for top in range(0, len(levels), ROWS):  # floats of the whole image: 16 bytes a pixel
        part = slice(top, top + ROWS)
        levels[part] = np.rint(scaled(numbers[part], ends) * np.float32(255))
    return Image.fromarray(levels)


def _read_plain_ycbcr(file: BinaryIO) -> Image.Image:
    """Read an uncompressed YCbCr TIFF with OpenCV: Pillow does not support it."""
    file.seek(0)
    pixels = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError("damaged, or a kind that is not supported")
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, ::-1]))


def _jpeg2000_depth(file: BinaryIO) -> int:
    """Return the bits per channel, from the image header box or the codestream."""
    file.seek(0)
    header = file.read(256)
    at = 42 if header.startswith(CODESTREAM) else header.find(b"ihdr") + 14
    return (header[at] & 0x7F) + 1


def _read_deep_jpeg2000(file: BinaryIO, bits: int) -> Image.Image:
    """Read RGB or RGBA with OpenCV: Pillow sets the brightest values of each channel to 0."""
    numbers = through_opencv(file)
    if numbers is None or bits > 16:
        raise ValueError(f"damaged {bits}-bit JPEG 2000, or a kind that is not supported")
    return eight_bit_image(numbers, (0, 2**bits - 1))
