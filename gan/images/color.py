"""Convert images of any mode to 8-bit sRGB or gray: bit depth, transparency, color profiles."""

import io
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms
from PIL.TiffImagePlugin import BITSPERSAMPLE, SAMPLEFORMAT

from gan.config.choices import Range

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the luma of ITU-R BT.601, as in Pillow's mode L."""
LUMA_COLUMN = np.array(LUMA, np.float32)[:, None]
"""LUMA as a column: pixels (H, W, 3) @ LUMA_COLUMN is their luma (H, W, 1)."""
WHITE_IS_ZERO = 0
UNSIGNED, SIGNED, FLOATS = 1, 2, 3
"""Values of a TIFF's SampleFormat."""
ROWS = 256
"""Rows of a deep image that are processed at once."""


def to_channels(image: Image.Image, channels: int, name: str = "image") -> Image.Image:
    """Return the image in mode L (1 channel) or RGB (3 channels), 8-bit sRGB, on white.

    16-bit gray and floats in [0, 1] are scaled to 8 bits; ValueError if a value is out of range.
    A color profile that cannot be used is ignored, with a warning that names the image as `name`.
    The result has no metadata, so that the profile is not applied twice.
    """
    return on_white(image, channels, lambda text: warnings.warn(f"{name}: {text}", stacklevel=4))[0]


def with_channels(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return pixels (H, W) of a gray image as (H, W, 1), and pixels (H, W, C) unchanged."""
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def on_white(
    image: Image.Image, channels: int, remark: Callable[[str], None]
) -> tuple[Image.Image, Image.Image | None]:
    """Return the result of to_channels, and the image's alpha (mode L) or None.

    `remark` is called with each remark about the image.
    """
    pixels, alpha = colors_and_alpha(image, remark)
    if alpha is not None:
        # convert() alone would reveal the colors below transparent pixels.
        paper = Image.new(pixels.mode, pixels.size, "white")
        paper.paste(pixels, mask=alpha)
        pixels = paper
    pixels = pixels.convert("L" if channels == 1 else "RGB")
    pixels.info = {}
    return pixels, alpha


def colors_and_alpha(
    image: Image.Image, remark: Callable[[str], None]
) -> tuple[Image.Image, Image.Image | None]:
    """Return an image's colors (mode L or RGB, 8-bit sRGB), and its alpha (mode L) or None."""
    pixels, alpha = _to_eight_bits(image), None
    if pixels.has_transparency_data:
        pixels = pixels.convert("LA" if pixels.mode in ("1", "L", "La", "LA") else "RGBA")
        alpha = pixels.getchannel("A")
    return _to_srgb(pixels, image.info.get("icc_profile"), remark), alpha


def white_is_zero(image: Image.Image) -> bool:
    """Return whether the smallest number of a TIFF means white."""
    tags = getattr(image, "tag_v2", {})
    return bool(tags.get(ExifTags.Base.PhotometricInterpretation) == WHITE_IS_ZERO)


def twelve_bits(image: Image.Image) -> bool:
    """Return whether a TIFF stores gray in 12 bits, so that its white is 4095."""
    return bool(getattr(image, "tag_v2", {}).get(BITSPERSAMPLE) == (12,))


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Return gray with more than 8 bits scaled to mode L; return other images in their mode.

    Pillow's own conversion would clip the numbers. The transparent color of a 16-bit PNG becomes
    8-bit, as its pixels are.
    """
    key = image.info.get("transparency")
    if isinstance(key, tuple) and max(key) > 255:
        # A 16-bit PNG: Pillow keeps the high bytes of its pixels, but not of the transparent color.
        image = image.copy()
        image.info["transparency"] = tuple(value >> 8 for value in key)
    if not image.mode.startswith(("I", "F")):
        return image

    grey = np.empty((image.height, image.width), np.uint8)
    for part, unit in _grey(image):
        grey[part] = np.rint(unit * np.float32(255))
    return Image.fromarray(grey)


def deep_grey(image: Image.Image, values: Range | None = None) -> NDArray[Any]:
    """Return a loaded image of mode I;16, I or F as uint16 (H, W, 1).

    `values` are the file's numbers for black and white; None for those of its type. If one number
    marks transparent pixels, the result is (H, W, 2): gray and alpha. ValueError as from
    black_and_white.
    """
    key = image.info.get("transparency")
    planes = np.empty((image.height, image.width, 1 if key is None else 2), np.uint16)
    for part, unit in _grey(image, values):
        planes[part, :, 0] = np.rint(unit * np.float32(65535))
    if key is not None:
        for part, numbers in bands(image):
            planes[part, :, 1] = np.where(numbers == key, 0, 65535)
    return planes


def bands(image: Image.Image) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Yield (slice of rows, their numbers) for every ROWS rows of a loaded image.

    Floats of the whole image would double its memory.
    """
    for top in range(0, image.height, ROWS):
        bottom = min(top + ROWS, image.height)
        yield slice(top, bottom), rows(image, top, bottom)


def rows(image: Image.Image, top: int, bottom: int) -> NDArray[Any]:
    """Return the rows from `top` to before `bottom` of a loaded image: (rows, W) or (rows, W, C).

    Image.crop is not used: it would check Pillow's size limit again. Unsigned 32-bit numbers of a
    TIFF are returned as uint32: Pillow holds them as signed.
    """
    numbers = np.asarray(image._new(image.im.crop((0, top, image.width, bottom))))
    tags = getattr(image, "tag_v2", {})
    unsigned = tags.get(SAMPLEFORMAT, (1,))[0] == UNSIGNED
    return numbers.view(np.uint32) if image.mode == "I" and tags and unsigned else numbers


def _grey(
    image: Image.Image, values: Range | None = None
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield (slice of rows, their gray in [0, 1]), black at 0; transparent pixels become white."""
    largest = 4095 if twelve_bits(image) else 65535
    ends = black_and_white((numbers for _, numbers in bands(image)), values, largest)
    key, turned = image.info.get("transparency"), white_is_zero(image)
    for part, numbers in bands(image):
        unit = scaled(numbers, ends)
        if turned:
            unit = 1 - unit
        if key is not None:
            unit[numbers == key] = 1
        yield part, unit


def black_and_white(
    parts: Iterable[NDArray[Any]], values: Range | None, largest: int = 65535
) -> Range:
    """Return a file's numbers for black and white: `values` if given, else those of their type.

    `parts` are the numbers, in pieces. White is `largest` for integers, and 1 for floats.
    ValueError if a number is not finite. ValueError also if `values` is None and a number is
    outside the range of its type.
    """
    ends, floats = list[tuple[float, float]](), False
    for part in parts:
        ends.append((float(part.min()), float(part.max())))
        floats = part.dtype.kind == "f"
    low, high = float(np.min(ends)), float(np.max(ends))  # unlike min, these return NaN
    # Mode I also holds 16 bits: from PNM, and from signed TIFF.
    white = 1 if floats else largest
    if not np.isfinite([low, high]).all():
        raise ValueError("some of its values are infinite or NaN")
    if values is None and not (low >= 0 and high <= white):
        raise ValueError(
            f"values from {low:g} to {high:g}; they must be between 0 and {white}, unless "
            "data.range_a or data.range_b sets their range"
        )
    return values or (0, white)


def scaled(numbers: NDArray[Any], values: Range) -> NDArray[np.float32]:
    """Return numbers as float32: the range (low, high) maps to [0, 1], the rest is clipped."""
    low, high = values
    wide: Any = numbers.astype(np.float64 if numbers.itemsize > 2 else np.float32)
    unit: NDArray[np.float32] = ((wide - low) / (high - low)).clip(0, 1).astype(np.float32)
    return unit


def _to_srgb(
    image: Image.Image, profile: bytes | None, remark: Callable[[str], None]
) -> Image.Image:
    """Convert to mode L or RGB without alpha, and apply the color profile if it fits the image."""
    mode = {"1": "L", "L": "L", "LA": "L", "CMYK": "CMYK"}.get(image.mode, "RGB")
    pixels = image if image.mode == mode else image.convert(mode)
    if profile and image.mode != "LAB":  # Pillow has converted Lab to sRGB already
        if mode == "L" and profile[16:20] == b"RGB ":  # left over from before it became gray
            pixels = pixels.convert("RGB")
        try:
            transform = _transform_to_srgb(profile, pixels.mode)
        except (ImageCms.PyCMSError, OSError) as error:
            remark(f"ICC profile ignored: {error}")
        else:
            pixels = transform.apply(pixels) if transform else pixels
    # Converting to the same mode would copy all pixels: a sixth of the time to decode a large JPEG.
    return pixels if pixels.mode in ("L", "RGB") else pixels.convert("RGB")


def is_srgb(profile: bytes | None, mode: str) -> bool:
    """Return whether pixels of mode L or RGB have no color profile, or an sRGB profile."""
    try:
        return not profile or _transform_to_srgb(profile, mode) is None
    except (ImageCms.PyCMSError, OSError):
        return False


@lru_cache(maxsize=16)
def _transform_to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the transform from a profile to sRGB, or None if pixels need none.

    In mode RGB, none is needed if no color changes by more than 2 of 255: there are many variants
    of sRGB. Transforms are cached because the photographs of one camera share a profile; applying
    one is thread-safe.
    """
    source = ImageCms.getOpenProfile(io.BytesIO(profile))
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    if mode != "RGB":
        return transform
    lattice = np.indices((18, 18, 18), dtype=np.uint8).reshape(3, 1, -1) * 15
    colors = np.ascontiguousarray(lattice.transpose(1, 2, 0))
    moved = np.asarray(transform.apply(Image.fromarray(colors))).astype(int) - colors
    return transform if np.abs(moved).max() > 2 else None
