"""Read pixels with all bits of a file, or scaled from a range of its numbers.

A range (low, high) states which numbers of the file are black and white: (0, 4095) for 12 bits,
(-1024, 3071) for Hounsfield units. Pixels read with a range have 16 bits: low becomes 0, high
becomes 65535, and numbers outside are clipped. Without a range, black and white are those of the
file's type: 0 and 255, 0 and 65535, or 0 and 1 for floats.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import BITSPERSAMPLE, EXTRASAMPLES

from gan.config.choices import MAX_MEGAPIXELS, Channels, Range
from gan.images.color import (
    LUMA_COLUMN,
    ROWS,
    bands,
    black_and_white,
    colors_and_alpha,
    deep_grey,
    is_srgb,
    on_white,
    scaled,
    white_is_zero,
    with_channels,
)
from gan.images.numbers import color_numbers, has_deep_color, has_other_band
from gan.images.reader import UPRIGHT, decoded, metadata_follows_pixels, opened, orientation

Array = NDArray[Any]
Remark = Callable[[str], None]
DROPPED = "dropped a band that is neither color nor transparency"
CLIPPED = "more than half of its values are outside the range and are clipped"
PACKED = re.compile(r"\bL;[124]")
"""Pillow's names for packed gray of less than 8 bits, which it scales to 8."""
SCALED = ("PPM", "JPEG2000", "AVIF", "HEIF")
"""Formats whose numbers Pillow scales to 8 or 16 bits."""


def read_pixels(
    path: Path,
    *,
    channels: Channels = 3,
    draft_size: int | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
    values: Range | None = None,
    remark: Remark = lambda text: None,
) -> Array:
    """Read a file as pixels (H, W, channels), upright, on white where it is transparent.

    The pixels are uint8 as from `read_image`, or uint16 if the file has more bits or if `values`,
    the range of its numbers, is given. `remark` is called with each remark about the file.
    `draft_size` and ImageError as in `read_image`.
    """
    found = read_image_or_pixels(
        path,
        channels=channels,
        draft_size=draft_size,
        max_megapixels=max_megapixels,
        values=values,
        remark=remark,
    )
    return as_pixels(found)


def read_image_or_pixels(
    path: Path,
    *,
    channels: Channels = 3,
    draft_size: int | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
    values: Range | None = None,
    remark: Remark = lambda text: None,
) -> Image.Image | Array:
    """Read a file like `read_pixels`, but return 8 bits as an image of mode L or RGB.

    Unlike pixels, an image can be resized without copying it first.
    """
    with opened(path, max_megapixels) as (image, file):
        if has_other_band(image):
            remark(DROPPED)
        if deep := deep_pixels(image, file, channels, remark, values):
            return deep[0]
        if draft_size and values is None:
            image.draft(None, (draft_size, draft_size))
        loaded = decoded(image, file)
        if values is not None:
            return turned(in_range(loaded, channels, values, remark)[0], orientation(image))
        shown, _ = on_white(loaded, channels, remark)
        turn = UPRIGHT.get(orientation(image))
        return shown if turn is None else shown.transpose(turn)


def as_pixels(picture: Image.Image | Array) -> Array:
    """Return an image of mode L or RGB as pixels (H, W, C), and pixels unchanged."""
    return with_channels(np.array(picture)) if isinstance(picture, Image.Image) else picture


def sixteen_bits(unit: Array) -> Array:
    """Return numbers in [0, 1] as uint16, 0 to 65535, rounded."""
    return np.rint(unit * np.float32(65535)).astype(np.uint16)


def in_range(
    image: Image.Image, channels: Channels, values: Range, remark: Remark
) -> tuple[Array, Array | None]:
    """Return a loaded 8-bit image as uint16 pixels (H, W, channels) scaled from a range, on white.

    The second result is its alpha, uint16 (H, W), or None. Neither is rotated upright.
    """
    colors, alpha = colors_and_alpha(image, remark)
    levels = np.arange(256, dtype=np.uint8)
    turns = white_is_zero(image)  # Pillow has inverted them
    table = sixteen_bits(scaled(levels[::-1] if turns else levels, values))
    pixels = as_pixels(colors.convert("L" if channels == 1 else "RGB"))
    _say_if_clipped([255 - pixels if turns else pixels], values, remark)
    pixels = (65535 - table if turns else table)[pixels]
    if alpha is None:
        return pixels, None
    opacity = np.asarray(alpha)[:, :, None]
    for top in range(0, len(pixels), ROWS):
        rows, share = slice(top, top + ROWS), opacity[top : top + ROWS] / np.float32(255)
        pixels[rows] = np.rint(pixels[rows] * share + 65535 * (1 - share))
    return pixels, opacity[:, :, 0] * np.uint16(257)


def as_numbers(pixels: Array, values: Range, dtype: Any) -> Array:
    """Return pixels as numbers of a range, in type `dtype`; integers are rounded.

    0 becomes the low end of the range, the largest value of the pixels' type its high end.
    """
    low, high = values
    numbers = low + pixels * ((high - low) / np.iinfo(pixels.dtype).max)
    whole = np.issubdtype(dtype, np.integer)
    return (np.rint(numbers) if whole else numbers).astype(dtype)


def eight_bits(pixels: Array) -> Array:
    """Return uint16 pixels as uint8, scaled and rounded."""
    return np.rint(pixels * np.float32(1 / 257)).astype(np.uint8)


def deep_pixels(
    image: ImageFile,
    file: BinaryIO,
    channels: Channels,
    remark: Remark,
    values: Range | None = None,
    page: int = 0,
) -> tuple[Array, Array | None] | None:
    """Return an opened file's upright uint16 pixels (H, W, channels), and alpha (H, W) or None.

    Return None instead of the pair if the file must be read in 8 bits, and add a remark if it has
    more. ValueError as from black_and_white, or if `values` cannot be applied to the file.
    """
    if values is not None and image.format in SCALED:
        raise ValueError(f"{image.format} does not support a range: use TIFF or PNG")
    packed = any(PACKED.search(str(tile.args)) for tile in image.tile)
    if values is not None and (packed or image.mode in ("1", "CMYK")):
        raise ValueError("a range requires gray or RGB with 8 bits a channel or more")
    grey = image.mode.startswith(("I", "F"))
    if not grey and not has_deep_color(image):
        if getattr(image, "tag_v2", {}).get(BITSPERSAMPLE, (8,))[0] > 8:
            remark("read in 8 bits")
        return None
    if values is None and not is_srgb(image.info.get("icc_profile"), "L" if grey else "RGB"):
        remark("its color profile is applied in 8 bits")
        return None
    if (found := _numbers(image, file, values, remark, page)) is None:
        remark("read in 8 bits")
        return None
    if image.format == "PNG" and metadata_follows_pixels(file):
        image.load()  # reads the orientation
    numbers, ends = turned(found[0], orientation(image)), found[1]
    depth = numbers.shape[2]
    colors = {2: 1, 4: 3}.get(depth, depth)
    alpha = numbers[:, :, colors:] if depth > colors and not has_other_band(image) else None
    # A TIFF's colors may be premultiplied with alpha (ExtraSamples 1).
    multiplied = getattr(image, "tag_v2", {}).get(EXTRASAMPLES, (2,))[0] == 1
    pixels = _blended(numbers[:, :, :colors], alpha, multiplied, ends, channels)
    return pixels, None if alpha is None else np.ascontiguousarray(alpha[:, :, 0])


def _numbers(
    image: ImageFile, file: BinaryIO, values: Range | None, remark: Remark, page: int
) -> tuple[Array, Range | None] | None:
    """Return a deep file's numbers (H, W, bands), not rotated upright, and their range.

    A range of None means that the numbers are scaled to 16 bits already. If the file can only be
    read in 8 bits: None instead of the pair, or ValueError if `values` is given.
    """
    if image.mode.startswith(("I", "F")):
        loaded = decoded(image, file)
        numbers = deep_grey(loaded, values)
        if values is not None:
            _say_if_clipped((part for _, part in bands(loaded)), values, remark)
        return numbers, None
    if (numbers := color_numbers(image, file, page)) is not None:
        if values is not None:
            _say_if_clipped([numbers[:, :, :3]], values, remark)
        whole = numbers.dtype == np.uint16
        return numbers, values if whole else black_and_white([numbers], values)
    if values is not None:
        raise ValueError("its 16-bit numbers cannot be read: it has separate planes, or is damaged")
    return None


def _blended(
    colors: Array, alpha: Array | None, multiplied: bool, ends: Range | None, channels: Channels
) -> Array:
    """Return numbers (H, W, 1 or 3) as uint16 pixels (H, W, channels), blended with white by alpha.

    `multiplied` means that the colors are premultiplied with alpha. `ends` is the range to scale
    from; None if the numbers are scaled already.
    """
    pixels = np.empty((*colors.shape[:2], channels), np.uint16)
    for top in range(0, len(pixels), ROWS):  # floats of the whole image would take 40 bytes a pixel
        rows = slice(top, top + ROWS)
        block: Any = colors[rows]
        opacity = None if alpha is None else alpha[rows] / np.float32(65535)
        if ends is not None:
            if opacity is not None and multiplied:
                block = block / opacity.clip(1 / 65535)
            block = sixteen_bits(scaled(block, ends))
        if opacity is not None:
            white = 65535 * (1 - opacity)
            block = (block if multiplied and ends is None else block * opacity) + white
        if colors.shape[2] == 3 and channels == 1:
            block = block @ LUMA_COLUMN
        pixels[rows] = np.rint(block)
    return pixels


def _say_if_clipped(parts: Iterable[Array], values: Range, remark: Remark) -> None:
    """Add a remark if most numbers are outside the range: it may be meant for other files."""
    low, high = values
    beyond = count = 0
    for part in parts:
        beyond += int(np.count_nonzero(part < low) + np.count_nonzero(part > high))
        count += part.size
    if 2 * beyond > count:
        remark(CLIPPED)


def numbers_of(image: Image.Image, stored: Array | None = None) -> Range | None:
    """Return the smallest and largest number of a loaded file with more than 8 bits a channel.

    `stored` holds a color file's numbers as OpenCV read them. Without it, only the high bytes of
    16-bit colors are known: low bytes count as 0 in the smallest number, as 255 in the largest.
    None if all numbers are infinite or NaN.
    """
    if stored is not None or image.mode.startswith(("I", "F")):
        rows = (numbers for _, numbers in bands(image)) if stored is None else [stored]
        parts = [numbers[np.isfinite(numbers)] for numbers in rows]
        ends = [(float(part.min()), float(part.max())) for part in parts if part.size]
        return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None
    extrema: Any = image.getextrema()
    extrema = extrema[: 1 if image.mode == "LA" else 3]  # without transparency
    return 256.0 * min(low for low, _ in extrema), 256.0 * max(high for _, high in extrema) + 255


def turned(values: Array, turn: int) -> Array:
    """Return an array (H, W) or (H, W, C) upright, given the EXIF orientation `turn`, 1 to 8.

    `reader.UPRIGHT` does the same to images.
    """
    if turn in (2, 3, 7, 8):
        values = values[:, ::-1]
    if turn in (3, 4, 6, 7):
        values = values[::-1]
    return values.swapaxes(0, 1) if turn >= 5 else values
