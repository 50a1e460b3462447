"""Image files from the world, upright, in 8-bit sRGB or gray."""

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

CODESTREAM = b"\xff\x4f\xff\x51"
"""What JPEG 2000 begins with where no boxes are around it."""
PLANES = ("('R", "('G", "('B", "('RGB")
"""How the arguments of a plane's decoder begin."""
YCBCR = 6
TURNED = re.compile(r"([IF];\d+)B([SF]?)")
"""How Pillow unpacks numbers whose first byte is the highest."""
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation; from 5 on, width and height change places."""


def read_image(
    path: Path,
    *,
    channels: Channels = 3,
    draft_size: int | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
) -> Image.Image:
    """Read a file as mode L (1 channel) or RGB, 8-bit sRGB, upright, transparency on white.

    The first frame of an animation. 16 bits are scaled to 8, and so are floats in [0, 1]. With
    `draft_size` a JPEG is decoded at 1/2, 1/4 or 1/8 of its size, as long as both sides stay at
    least that many pixels: up to ten times faster, a few gray levels off.

    ImageError in one line for whatever cannot be read to its end or has more than
    `max_megapixels`. An unusable color profile is ignored with a warning.
    """
    with opened(path, max_megapixels) as (image, file):
        if draft_size:
            image.draft(None, (draft_size, draft_size))
        pixels = to_channels(decoded(image, file), channels, str(path))
        turn = UPRIGHT.get(orientation(image))
        return pixels if turn is None else pixels.transpose(turn)


def read_size(path: Path, *, max_megapixels: float = MAX_MEGAPIXELS) -> tuple[int, int]:
    """Return (width, height) of the upright image, from the file's header; ImageError as
    `read_image`.

    A file that is cut off further on passes, unless its length alone tells.
    """
    with opened(path, max_megapixels, pixels=False) as (image, file):
        if image.format == "PNG" and metadata_follows_pixels(file):
            with present().held(needed(image)):
                image.load()
        width, height = image.size
        return (height, width) if orientation(image) >= 5 else (width, height)


def read_orientation(path: Path) -> int:
    """Return how the file stores the image, as EXIF numbers it, 1 (upright) to 8; or ImageError."""
    with opened(path, float("inf"), pixels=False) as (image, _):
        return orientation(image)


@contextmanager
def opened(
    path: Path, max_megapixels: float, *, pixels: bool = True
) -> Iterator[tuple[ImageFile, BinaryIO]]:
    """Open an image whose header has been read; what fails in the block becomes an ImageError.

    With `pixels`, the block holds the memory that decoding them takes.
    """
    try:
        with path.open("rb") as file:
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
    """Return the image of a file, its header read, by what the file begins with.

    `Image.open` does the same and then compares with `Image.MAX_IMAGE_PIXELS`. That belongs to the
    process: setting it for a moment would change it under other threads and other libraries. So
    the formats that Pillow has registered are asked here, without it.
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
            # HEIF and AVIF can begin alike; readers of damaged headers raise the others.
            except (SyntaxError, struct.error, IndexError, KeyError, TypeError, EOFError) as error:
                reason = header_reason(name, error)
                if name == "TIFF":
                    reason = what_is_not_read(file) or reason
    kind = FORMATS.get(Path(file.name).suffix.lower())
    if kind == "HEIF" and kind not in known_formats():
        reason += "; HEIC needs the extra `heif`"
    raise ValueError(reason)


def orientation(image: ImageFile) -> int:
    """Return the EXIF orientation that remains to be undone, 1 to 8; 1 if damaged."""
    if isinstance(image, TiffImageFile):  # undoes it while loading, and has the upright size
        return 1
    try:
        # The base class's: PNG's own would decode the picture first.
        value = Image.Image.getexif(image).get(ExifTags.Base.Orientation)
    except Exception:  # as many kinds as damage has; the picture is still good
        return 1
    return value if value in UPRIGHT else 1


def metadata_follows_pixels(file: BinaryIO) -> bool:
    """Return whether a PNG has EXIF or XMP behind its pixels, which Pillow finds late."""
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
    """Return the image with its pixels, given its open file; raises whatever the decoder does.

    ValueError where a JPEG does not hold all of them. Past four things that Pillow (11 to 12.3)
    gets wrong.
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
            # Another band's plane, which Pillow has no name for.
            image.tile = [tile for tile in image.tile if str(tile.args).startswith(PLANES)]
        if image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == YCBCR and image.tile[0][0] == "raw":
            return _read_plain_ycbcr(file)
        # Pillow checks its own limit for a TIFF once more, unless it finds room for its pixels.
        image.im = Image.new(image.mode, image._tile_size).im
    other = image.mode == "RGBA" and has_other_band(image)
    image.load()
    check_end(image, file)
    return image.convert("RGB") if other else image


def _name_deep_planes(image: TiffImageFile) -> None:
    """Name separate planes of 16 bits as such: Pillow would read them as planes of 8."""
    if image.tag_v2.get(ExifTags.Base.BitsPerSample, (8,))[0] != 16:
        return
    order = "L" if image.tag_v2.prefix == b"II" else "B"
    for index, tile in enumerate(image.tile):
        match tile.args:
            case (str(plane), *layout) if tile.codec_name == "raw" and len(plane) == 1:
                image.tile[index] = tile._replace(args=(f"{plane};16{order}", *layout))


def _name_own_order(image: TiffImageFile) -> None:
    """Name compressed numbers as such in the machine's order of bytes: libtiff has turned them."""
    for index, tile in enumerate(image.tile):
        match tile.args:
            case (str(packed), *more) if tile.codec_name == "libtiff":
                image.tile[index] = tile._replace(args=(TURNED.sub(r"\1N\2", packed), *more))


def eight_bit_image(numbers: NDArray[Any], values: Range | None = None) -> Image.Image:
    """Return colors (H, W, 3 or 4) as an image; ValueError as `black_and_white`."""
    ends = black_and_white([numbers], values)
    levels = np.empty(numbers.shape, np.uint8)
    for top in range(0, len(levels), ROWS):  # the floats of a whole image would take 16 bytes each
        part = slice(top, top + ROWS)
        levels[part] = np.rint(scaled(numbers[part], ends) * np.float32(255))
    return Image.fromarray(levels)


def _read_plain_ycbcr(file: BinaryIO) -> Image.Image:
    """Read a TIFF of YCbCr without compression through OpenCV: Pillow does not read those."""
    file.seek(0)
    pixels = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError("damaged, or of a rare kind")
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, ::-1]))


def _jpeg2000_depth(file: BinaryIO) -> int:
    """Return the bits per channel: of the image header box, or of a bare codestream."""
    file.seek(0)
    header = file.read(256)
    at = 42 if header.startswith(CODESTREAM) else header.find(b"ihdr") + 14
    return (header[at] & 0x7F) + 1


def _read_deep_jpeg2000(file: BinaryIO, bits: int) -> Image.Image:
    """Read RGB or RGBA through OpenCV: Pillow turns the brightest values of each channel to 0."""
    numbers = through_opencv(file)
    if numbers is None or bits > 16:
        raise ValueError(f"damaged {bits}-bit JPEG 2000, or of a rare kind")
    return eight_bit_image(numbers, (0, 2**bits - 1))
