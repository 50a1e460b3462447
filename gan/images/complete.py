"""Check that a file holds its whole image: decoders fill missing parts with black or gray."""

import math
import os
import re
import struct
import zlib
from typing import BinaryIO

from PIL import TiffImagePlugin as Tiff
from PIL.ImageFile import ImageFile

from gan.images.color import SIGNED, rows

FATAL = ("premature end", "bad Huffman code", "instead of RST")
"""Parts of libjpeg's warnings about invented pixels. Other warnings are about ignored data."""
BLOCK = 8
"""Side of a JPEG's blocks, in pixels."""
LEAST_BITS = 1 / 16
"""Smallest number of bits per block in a JPEG: with arithmetic coding, a block may take less than
one."""
ZEROS = 64
"""Number of bytes at a JPEG's end; if all are zero, it may be an interrupted download."""
MARKER = re.compile(rb"\xff+([^\x00\xff])")
AFTER_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
"""The marker after a scan's data: neither a stuffed byte nor a restart marker."""
SCAN, END, FRAMES = b"\xda", b"\xd9", (b"\xc2", b"\xca")
START_OF_SCAN = b"\xff\xda"
MOST_SCANS = 100
"""Largest number of scans of a progressive JPEG: each one costs time. Encoders write about ten."""
COEFFICIENTS = 64
"""Coefficients of a block, for each component."""
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIECE = 2**20
"""Bytes that are decompressed at once."""
ADAM7 = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
    (0, 1, 1, 2),
)  # fmt: skip
"""For each pass of an interlaced PNG: first column, first row, column step, row step."""
UNCOMPRESSED = 1
UNBOUNDED = 2**32 - 1
"""Rows per strip of a TIFF that does not state them."""
SUBSAMPLED = 6
"""PhotometricInterpretation of YCbCr: its chroma may be subsampled, which makes rows shorter."""


def check_length(image: ImageFile, file: BinaryIO) -> None:
    """Raise ValueError if a JPEG or TIFF is too short for its width and height; decode nothing.

    Also rejected are JPEGs that end in zeros or have too many scans, and TIFFs with signed 8-bit
    numbers.
    """
    if isinstance(image, Tiff.TiffImageFile):
        _check_tiff(image)
    elif image.format in ("JPEG", "MPO"):
        width, height = image.size
        blocks = math.ceil(width / BLOCK) * math.ceil(height / BLOCK)
        length = file.seek(0, os.SEEK_END)
        if 8 * length < LEAST_BITS * blocks:
            raise ValueError(
                f"damaged: {length} bytes are too few for a JPEG of {width}x{height} pixels"
            )
        _check_tail(file, length)
        if "progressive" in image.info:
            file.seek(0)
            if (scans := file.read().count(START_OF_SCAN)) > MOST_SCANS:
                raise ValueError(f"{scans} scans; at most {MOST_SCANS} are supported")


def _check_tail(file: BinaryIO, length: int) -> None:
    """Raise ValueError if a JPEG's data end in zeros, as an interrupted download leaves them.

    A decoder reads zeros as ordinary codes. Zeros after the end of the image are allowed.
    """
    file.seek(max(0, length - ZEROS))
    if not file.read().strip(b"\0"):
        file.seek(0)
        content = file.read()
        if content.rfind(b"\xff\xd9") < content.rfind(b"\xff\xda"):
            raise ValueError("damaged: it ends in zeros, without a JPEG's end marker")


def check_end(image: ImageFile, file: BinaryIO) -> None:
    """Raise ValueError if data is missing from a decoded JPEG or PNG.

    A decoder leaves missing rows of a PNG at 0. So if one of its last two rows has only zeros, the
    file is decompressed again, to see whether it has enough bytes for all rows. libjpeg fills
    missing blocks with gray, and missing scans of a progressive file leave a blur. Therefore
    progressive files, and files whose last block has one color, are decoded once more by a decoder
    that reports missing data.
    """
    if image.format == "PNG" and _ends_blank(image):
        check_png_rows(file)
    if image.format in ("JPEG", "MPO") and ("progressive" in image.info or _ends_plain(image)):
        import simplejpeg

        file.seek(0)
        content = file.read()
        if "progressive" in image.info:
            _check_scans(content)
        try:
            _, _, space, _ = simplejpeg.decode_jpeg_header(content)
            space = "CMYK" if space in ("CMYK", "YCCK") else "GRAY"
            simplejpeg.decode_jpeg(content, space, min_height=1, min_width=1, min_factor=BLOCK)
        except ValueError as error:
            if any(warning in str(error) for warning in FATAL):
                raise ValueError(
                    "damaged: its data end too early, or cannot be unpacked"
                ) from error


def _check_scans(content: bytes) -> None:
    """Raise ValueError if a progressive JPEG lacks scans (ITU-T T.81, B.2.3 and G.1.1.1).

    The image would be blurred, and decoders do not report it.
    """
    components: set[int] = set()
    missing_bits: dict[tuple[int, int], int] = {}
    at = 2
    while (found := MARKER.search(content, at)) and found[1] != END:
        start, length = found.end(), int.from_bytes(content[found.end() : found.end() + 2])
        segment, at = content[start + 2 : start + length], start + length
        if found[1] in FRAMES and len(segment) > 5:
            components = set(segment[6::3][: segment[5]])
        elif found[1] == SCAN and segment:
            first, last, bits = segment[1 + 2 * segment[0] :][:3]
            for component in segment[1 : 1 + 2 * segment[0] : 2]:
                for number in range(first, last + 1):
                    missing_bits[component, number] = bits & 15
            after = AFTER_SCAN.search(content, at)
            at = after.start() if after else len(content)
    complete = {key for key, bits in missing_bits.items() if bits == 0}
    lacking = len(components) * COEFFICIENTS - len(complete)
    if lacking > 0:
        raise ValueError(f"damaged: scans are missing for {lacking} of its coefficients")


def check_png_rows(file: BinaryIO) -> None:
    """Raise ValueError if a PNG has too few bytes for its rows (PNG specification, 7.2).

    The data are decompressed again, in pieces.
    """
    file.seek(len(PNG_SIGNATURE))
    unpacker, there, needed = zlib.decompressobj(), 0, 0
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IHDR":
            needed = _png_bytes(file.read(length))
        elif kind == b"IDAT":
            data = file.read(length)
            while data and not unpacker.eof:
                there += len(unpacker.decompress(data, PIECE))
                data = unpacker.unconsumed_tail
        else:
            file.seek(length, os.SEEK_CUR)
        file.seek(4, os.SEEK_CUR)
    while unpacked := unpacker.decompress(unpacker.unconsumed_tail, PIECE):
        there += len(unpacked)
    if there < needed:
        raise ValueError(f"damaged: it has {there} of {needed} bytes of pixels")


def _png_bytes(header: bytes) -> int:
    """Return the number of uncompressed bytes of a PNG's rows, given the content of its IHDR.

    Each row includes a byte for its filter.
    """
    width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    total = 0
    for left, top, across, down in ADAM7 if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0:
            total += max(0, rows) * (1 + -(-columns * bits // 8))
    return total


def _ends_blank(image: ImageFile) -> bool:
    """Return whether one of the last two rows is all 0.

    Two rows are checked because the last pass of an interlaced file holds every other row. Few
    images end with a black row, so few files are decompressed twice.
    """
    last = rows(image, max(0, image.height - 2), image.height)
    return not last.reshape(len(last), -1).any(axis=1).all()


def _ends_plain(image: ImageFile) -> bool:
    """Return whether the last block of a JPEG has one color; the JPEG may be decoded at any scale.

    Only the pixels of the block's lower right corner are compared: upsampled colors of other blocks
    do not reach it. The corner is at least two pixels wide, because at an eighth of the size a
    block is a single pixel.
    """
    scale, *_ = getattr(image, "decoderconfig", ()) or (1,)
    width, height = image.size
    block = BLOCK // scale
    down = max(1, ((height - 1) % block + 1) // 2)
    across = max(min(2, width), ((width - 1) % block + 1) // 2)
    corner = (
        image.getpixel((width - 1 - x, height - 1 - y)) for y in range(down) for x in range(across)
    )
    last = next(corner)
    return all(pixel == last for pixel in corner)


def _check_tiff(image: Tiff.TiffImageFile) -> None:
    """Raise ValueError unless a TIFF has as many strips or tiles as its width and height require.

    Uncompressed strips or tiles must also be as long as their rows. Signed 8-bit numbers are
    rejected too.
    """
    tags = image.tag_v2
    if SIGNED in tags.get(Tiff.SAMPLEFORMAT, ()) and 8 in tags.get(Tiff.BITSPERSAMPLE, ()):
        raise ValueError("signed 8-bit numbers are not supported")
    width, height = tags[Tiff.IMAGEWIDTH], tags[Tiff.IMAGELENGTH]
    samples = tags.get(Tiff.SAMPLESPERPIXEL, 1)
    planes = samples if tags.get(Tiff.PLANAR_CONFIGURATION, 1) == 2 else 1
    tiled = Tiff.TILEOFFSETS in tags
    if tiled:
        kind, offsets, lengths = "tile", Tiff.TILEOFFSETS, Tiff.TILEBYTECOUNTS
        across, down = tags[Tiff.TILEWIDTH], tags[Tiff.TILELENGTH]
    else:
        kind, offsets, lengths = "strip", Tiff.STRIPOFFSETS, Tiff.STRIPBYTECOUNTS
        across, down = width, min(tags.get(Tiff.ROWSPERSTRIP, UNBOUNDED), height)
    along, needed = math.ceil(height / down), math.ceil(width / across) * math.ceil(height / down)
    there = len(tags.get(offsets, ()))
    if there < needed * planes:
        raise ValueError(f"damaged: it has {there} of {needed * planes} {kind}s")
    if missing := sum(offset == 0 for offset in tags[offsets][: needed * planes]):
        raise ValueError(f"damaged: {missing} of {needed * planes} {kind}s are missing")
    plain = tags.get(Tiff.COMPRESSION, UNCOMPRESSED) == UNCOMPRESSED
    if not plain or lengths not in tags:
        return
    if tags.get(Tiff.PHOTOMETRIC_INTERPRETATION) == SUBSAMPLED:
        return
    bits = tags.get(Tiff.BITSPERSAMPLE, (1,))
    own = bits[0] if planes > 1 else sum(bits) if len(bits) == samples else samples * bits[0]
    line = math.ceil(across * own / 8)
    for number, length in enumerate(tags[lengths][: needed * planes]):
        last = not tiled and number % along == along - 1
        least = line * (height - down * (along - 1) if last else down)
        if 0 < length < least:  # some writers store 0
            raise ValueError(f"damaged: {kind} {number + 1} has {length} of {least} bytes")
