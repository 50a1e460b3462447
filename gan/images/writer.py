"""Write image files; a file appears complete or not at all."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import cv2
import numpy as np
from PIL import Image, PngImagePlugin, TiffImagePlugin
from PIL.TiffTags import TAGS_V2_GROUPS

from gan.images.color import to_channels
from gan.images.deep import Array, as_numbers, eight_bits
from gan.images.formats import FORMATS, known_formats
from gan.images.picture import INCH, RESOLUTION, Picture
from gan.system.atomic import write_whole

WITH_ALPHA = {"PNG", "WEBP", "TIFF", "AVIF", "HEIF", "JPEG2000", "QOI", "GIF"}
WITH_EXIF = {"JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"}
WITH_XMP = WITH_EXIF
XMP_TAG, BYTES = 700, 1
"""The tag of XMP in a TIFF, and its type (ISO 16684-3)."""
XMP_CHUNK = "XML:com.adobe.xmp"
"""The keyword of XMP in a PNG."""
WITH_DENSITY = {"JPEG", "PNG", "TIFF"}
"""Formats with a density field; the others store density in their EXIF."""
METERS_PER_INCH = 0.0254
ROWS = 64
"""Rows per strip of a deep TIFF."""


def write_image(image: Image.Image, path: Path, *, quality: int = 95) -> None:
    """Write an image in the format of the path's suffix; create missing folders.

    `quality` (1 to 100) is for JPEG (4:4:4), WebP, AVIF and HEIC. RGB and gray are written
    unchanged, RGBA if the format supports it; other modes become RGB, on white. The file appears
    complete or not at all: it is written to a temporary file and moved. ValueError for a suffix
    that cannot be written.
    """
    write_whole(path, _saver(image, path, quality))


def encode_image(image: Image.Image, suffix: str, *, quality: int = 95) -> bytes:
    """Return the bytes that `write_image` would write to a file with this suffix."""
    file = io.BytesIO()
    _saver(image, Path(f"image{suffix}"), quality)(file)
    return file.getvalue()


def encode_picture(picture: Picture, suffix: str, *, quality: int = 95) -> bytes:
    """Return the bytes that `write_picture` would write to a file with this suffix."""
    file = io.BytesIO()
    _picture_saver(picture, Path(f"image{suffix}"), quality)(file)
    return file.getvalue()


def write_stack(pages: Sequence[Picture], path: Path, *, replace: bool = True) -> None:
    """Write pictures as the pages of a TIFF, each as `write_picture` writes it.

    FileExistsError as from `write_picture`.
    """
    savers = [_picture_saver(page, path, 95) for page in pages]

    def save(file: BinaryIO) -> None:
        stack = TiffImagePlugin.AppendingTiffWriter(cast(Any, file), new=True)
        for saver in savers:
            saver(cast(BinaryIO, stack))
            stack.newFrame()

    write_whole(path, save, replace=replace)


def write_picture(picture: Picture, path: Path, *, quality: int = 95, replace: bool = True) -> None:
    """Write a picture like `write_image`, with all of its properties that the format supports.

    PNG and TIFF keep 16 bits; transparency, EXIF and XMP are kept where the format supports them.
    Where transparency cannot be kept, the background is white, as it was for the translation.
    FileExistsError if the file exists, unless `replace` is set.
    """
    write_whole(path, _picture_saver(picture, path, quality), replace=replace)


def _picture_saver(picture: Picture, path: Path, quality: int) -> Callable[[BinaryIO], None]:
    """Return a function that writes a picture to an open file."""
    kind = _format_of(path)
    values, alpha = picture.pixels, picture.alpha
    if picture.written is not None:
        values = in_numbers(picture, kind)
        if alpha is not None and values.dtype != alpha.dtype:
            alpha = eight_bits(alpha) if values.dtype == np.uint8 else None  # scaling() reports it
    if alpha is not None and kind in WITH_ALPHA:
        values = np.dstack([values, alpha])
    if values.dtype.itemsize > 1 and kind in DEEP:
        return partial(DEEP[kind], values, picture)
    if values.dtype == np.uint16:
        values = eight_bits(values)
    image = Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)
    return _saver(image, path, quality, _metadata(picture, kind))


def in_numbers(picture: Picture, kind: str) -> Array:
    """Return a picture's pixels, scaled so that black and white become those of `picture.written`.

    Their type is the smallest integer type that holds these two numbers, or float32 if the original
    file has floats or the range has fewer than 256 integers. If the format `kind` (Pillow's
    name) does not support the type, the pixels are returned unchanged.
    """
    assert picture.written is not None
    dtype = _number_type(picture)
    if dtype not in NUMBERS.get(kind, (np.uint8,)):
        return picture.pixels
    return as_numbers(picture.pixels, picture.written, dtype)


def scaling(picture: Picture, path: Path | None) -> tuple[str, ...]:
    """Return remarks about numbers or transparency that the format of a file cannot hold."""
    if picture.written is None or path is None:
        return ()
    dtype = _number_type(picture)
    if dtype in NUMBERS.get(_format_of(path), (np.uint8,)):
        kept = picture.alpha is None or dtype in (np.uint8, np.uint16)
        return () if kept else (f"dropped the transparency: {dtype.__name__} cannot hold it",)
    low, high = picture.written
    return (f"{path.suffix} cannot hold numbers from {low:g} to {high:g}; written as pixels from "
            "black to white (--format tiff keeps the numbers)",)  # fmt: skip


def _number_type(picture: Picture) -> type[np.generic]:
    """Return the smallest type that holds all numbers of a picture's range."""
    assert picture.written is not None
    low, high = picture.written
    if not picture.floats and high - low >= 255:
        for dtype in (np.uint8, np.uint16, np.int16, np.int32):
            if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
                return dtype
    return np.float32


def _format_of(path: Path) -> str:
    """Return Pillow's name of the format of a path's suffix; ValueError if it cannot be written."""
    known_formats()
    kind = FORMATS.get(path.suffix.lower())
    if kind is None or kind not in Image.SAVE:
        raise ValueError(f"{path}: cannot write images with the suffix {path.suffix!r}")
    return kind


def _saver(
    image: Image.Image, path: Path, quality: int, metadata: Mapping[str, Any] = {}
) -> Callable[[BinaryIO], None]:
    """Return a function that writes an image to an open file, with `metadata` for Pillow's save."""
    kind = _format_of(path)
    full_color = {"quality": quality, "subsampling": "4:4:4"}
    options: dict[str, dict[str, Any]] = {
        "JPEG": full_color,
        # A quarter of the time of zlib's default 6, and 5 % more bytes.
        "PNG": {"compress_level": 2},
        "WEBP": {"quality": quality},
        "AVIF": full_color,
        "HEIF": full_color,
        "JPEG2000": {"no_jp2": path.suffix.lower() == ".j2k"},
    }
    fitted = _fitted(image, path, kind)
    return lambda file: fitted.save(file, kind, **options.get(kind, {}), **metadata)


def _metadata(picture: Picture, kind: str) -> dict[str, Any]:
    """Return the metadata that format `kind` can hold, as keyword arguments for Pillow's save."""
    found: dict[str, Any] = {}
    if picture.exif and kind in WITH_EXIF:
        found["exif"] = picture.exif
    if picture.density and kind in WITH_DENSITY:
        found["dpi"] = picture.density
    if picture.xmp and kind in WITH_XMP:
        found["xmp"] = picture.xmp
    if picture.xmp and kind == "PNG":
        found["pnginfo"] = PngImagePlugin.PngInfo()
        found["pnginfo"].add_itxt(XMP_CHUNK, picture.xmp.decode())
    if kind == "TIFF" and (picture.place or picture.xmp):
        found["tiffinfo"] = _directory(picture)
    return found


def _directory(picture: Picture) -> TiffImagePlugin.ImageFileDirectory_v2:
    """Return TIFF tags with a picture's EXIF, density, XMP and place on the map."""
    directory = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II")
    exif = picture.exif or Image.Exif()
    for tag in exif:
        directory[tag] = exif.get_ifd(tag) if tag in TAGS_V2_GROUPS else exif[tag]
    if picture.density:
        for tag, number in zip(RESOLUTION, (*picture.density, INCH), strict=True):
            directory[tag] = number
    xmp = {XMP_TAG: (BYTES, picture.xmp)} if picture.xmp else {}
    for tag, (kind, value) in {**picture.place, **xmp}.items():
        directory.tagtype[tag] = kind
        directory[tag] = value
    return directory


def _fitted(image: Image.Image, path: Path, kind: str) -> Image.Image:
    """Return the image in a mode that the format supports."""
    if path.suffix.lower() == ".pgm":
        return to_channels(image, 1)
    if image.mode == "LA" and kind in WITH_ALPHA:
        return image if kind in ("PNG", "TIFF") else image.convert("RGBA")
    fits = {"RGB": True, "RGBA": kind in WITH_ALPHA, "L": kind != "QOI"}
    return image if fits.get(image.mode) else to_channels(image, 3)


def _save_deep_png(values: Array, picture: Picture, file: BinaryIO) -> None:
    """Write uint16 pixels with OpenCV, and metadata as chunks (PNG specification, sec. 5.3)."""
    if values.shape[2] == 2:  # OpenCV does not write gray with alpha
        values = values[:, :, [0, 0, 0, 1]]
    order = {1: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[values.shape[2]]
    done, encoded = cv2.imencode(".png", values if order is None else cv2.cvtColor(values, order))
    assert done
    data = encoded.tobytes()
    after_header = 8 + 25  # the signature and IHDR
    file.write(data[:after_header])
    if picture.density:
        across, down = (round(value / METERS_PER_INCH) for value in picture.density)
        PngImagePlugin.putchunk(file, b"pHYs", struct.pack(">IIB", across, down, 1))
    if picture.exif:
        PngImagePlugin.putchunk(file, b"eXIf", picture.exif.tobytes().removeprefix(b"Exif\0\0"))
    if picture.xmp:
        PngImagePlugin.putchunk(file, b"iTXt", XMP_CHUNK.encode() + bytes(5) + picture.xmp)
    file.write(data[after_header:])


def save_deep_tiff(
    values: Array, picture: Picture, file: BinaryIO, *, white_is_zero: bool = False
) -> None:
    """Write values (H, W, 1 to 4) as little-endian strips with Deflate (TIFF 6.0, Adobe's notes).

    Values have 16 or 32 bits: signed or unsigned integers, or floats.
    """
    height, width, samples = values.shape
    strips = [
        zlib.compress(values[top : top + ROWS].astype(values.dtype.newbyteorder("<")).tobytes())
        for top in range(0, height, ROWS)
    ]
    directory = _directory(picture)
    starts = np.cumsum([0, *map(len, strips[:-1])])
    directory.update({
        TiffImagePlugin.IMAGEWIDTH: width,
        TiffImagePlugin.IMAGELENGTH: height,
        TiffImagePlugin.BITSPERSAMPLE: (8 * values.dtype.itemsize,) * samples,
        TiffImagePlugin.COMPRESSION: 8,
        TiffImagePlugin.PHOTOMETRIC_INTERPRETATION: 2 if samples >= 3 else int(not white_is_zero),
        TiffImagePlugin.SAMPLESPERPIXEL: samples,
        TiffImagePlugin.ROWSPERSTRIP: ROWS,
        TiffImagePlugin.PLANAR_CONFIGURATION: 1,
        TiffImagePlugin.STRIPBYTECOUNTS: tuple(map(len, strips)),
        TiffImagePlugin.STRIPOFFSETS: tuple(int(start) for start in starts),
    })  # fmt: skip
    if values.dtype != np.uint16:
        directory[TiffImagePlugin.SAMPLEFORMAT] = (
            {"u": 1, "i": 2, "f": 3}[values.dtype.kind],
        ) * samples
    if samples in (2, 4):
        directory[TiffImagePlugin.EXTRASAMPLES] = 2  # alpha that is not premultiplied
    directory.save(file)
    for strip in strips:  # write_stack's file has no writelines
        file.write(strip)


DEEP = {"PNG": _save_deep_png, "TIFF": save_deep_tiff}
"""By format, a function that writes over 8 bits a channel; Pillow does so for gray only."""
NUMBERS: dict[str, tuple[type[np.generic], ...]] = {
    "PNG": (np.uint8, np.uint16),
    "TIFF": (np.uint8, np.uint16, np.int16, np.int32, np.float32),
}
"""Types of numbers that a format can hold; other formats hold uint8."""
