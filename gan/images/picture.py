"""A picture with all that must come back with it: transparency, depth and metadata.

And what is unusual about a file that can be read: all of it is handled, some of it matters.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import EXTRASAMPLES, TiffImageFile

from gan.config.choices import MAX_MEGAPIXELS, Channels
from gan.images.color import LUMA_COLUMN, deep_grey, is_srgb, on_white, with_channels
from gan.images.formats import FORMATS
from gan.images.metadata import Tags, kept_density, kept_exif, kept_place
from gan.images.reader import UPRIGHT, decoded, opened, orientation

Array = NDArray[Any]
Trait = Literal["rotated", "deep", "alpha", "cmyk", "animated", "profile", "suffix"]
Fact = tuple[Trait, bool, str]
"""A trait, whether a file has it, and a word about it."""

VARIANTS = {"MPO": "JPEG", "DIB": "BMP"}
"""Formats that share another one's suffix."""


@dataclass(frozen=True)
class Picture:
    """An upright picture as sRGB, on white where it is transparent."""

    pixels: Array
    """(H, W, 1 or 3), uint8 or uint16."""
    alpha: Array | None = None
    """(H, W), of the same type, where the file has transparency."""
    exif: Image.Exif | None = None
    """Metadata for whatever is made of the picture: without orientation, thumbnail and profile."""
    remarks: tuple[str, ...] = ()
    """What had to be left out in reading."""
    density: tuple[float, float] | None = None
    """Pixels per inch, across and down, where the file says so."""
    place: Tags = field(default_factory=dict)
    """A GeoTIFF's tags: where on the map its pixels lie."""

    def with_pixels(self, pixels: Array) -> "Picture":
        """Another picture of the same size, with the same transparency and metadata."""
        return replace(self, pixels=pixels)


def read_picture(
    path: Path, *, channels: Channels = 3, max_megapixels: float = MAX_MEGAPIXELS
) -> Picture:
    """Read a file like `read_image`, with its depth (8 or 16 bits), transparency and metadata.

    The first frame of an animation, with a remark. ImageError as from `read_image`.
    """
    remarks: list[str] = []
    with opened(path, max_megapixels) as (image, file):
        turn = orientation(image)
        place = kept_place(image, remarks.append)  # before Pillow turns it
        if _has_other_band(image):
            remarks.append("dropped a band that is neither color nor transparency")
        pixels, alpha = _deep(image, file, channels, remarks.append) or (None, None)
        if pixels is None:
            shown, transparency = on_white(decoded(image, file), channels, remarks.append)
            pixels = turned(np.asarray(shown), turn)
            alpha = None if transparency is None else turned(np.asarray(transparency), turn)
        if getattr(image, "is_animated", False):
            remarks.append("animated: its first frame is taken")
        pixels = with_channels(pixels)
        density = kept_density(image, turn)
        exif = kept_exif(image, (pixels.shape[1], pixels.shape[0]), remarks.append)
    return Picture(pixels, alpha, exif, tuple(remarks), density, place)


def _deep(
    image: ImageFile, file: BinaryIO, channels: int, remark: Callable[[str], None]
) -> tuple[Array, Array | None] | None:
    """Upright 16-bit pixels (H, W, channels) and transparency; None where 8 bits hold it all."""
    grey = image.mode.startswith(("I", "F"))
    if not grey and not _has_deep_color(image):
        return None
    if not is_srgb(image.info.get("icc_profile"), "L" if grey else "RGB"):
        remark("its colour profile is applied in 8 bits")
        return None
    turn = orientation(image)
    values = deep_grey(decoded(image, file)) if grey else _through_opencv(image, file)
    if values is None:
        remark("read in 8 bits")
        return None
    values = turned(values, turn)
    pixels, alpha = values, None
    if values.shape[2] in (2, 4) and _has_other_band(image):
        pixels = values[:, :, :-1]
    elif values.shape[2] in (2, 4):
        pixels, alpha = values[:, :, :-1], values[:, :, -1]
        opacity = alpha[:, :, None] / np.float32(65535)
        # A TIFF's colors may be multiplied with its alpha already (ExtraSamples 1).
        multiplied = getattr(image, "tag_v2", {}).get(EXTRASAMPLES, (2,))[0] == 1
        colors = pixels if multiplied else pixels * opacity
        pixels = colors + 65535 * (1 - opacity)
    if pixels.shape[2] == 3 and channels == 1:
        pixels = pixels @ LUMA_COLUMN
    pixels = np.rint(pixels).astype(np.uint16)
    return np.ascontiguousarray(pixels.repeat(channels // pixels.shape[2], axis=2)), alpha


def _has_other_band(image: ImageFile) -> bool:
    """Whether a TIFF has one band more than its colors, which is no transparency.

    ExtraSamples is 0 then, or missing (TIFF 6.0, p. 31): near infrared, heights, a mask.
    """
    if not isinstance(image, TiffImageFile):
        return False
    tags = image.tag_v2
    colors = {0: 1, 1: 1, 2: 3}.get(tags.get(ExifTags.Base.PhotometricInterpretation, 1))
    more = tags.get(ExifTags.Base.SamplesPerPixel, 1) - (colors or 0)
    return bool(colors) and more == 1 and tags.get(EXTRASAMPLES, (0,))[0] == 0


def _has_deep_color(image: Any) -> bool:
    """Whether a PNG or TIFF has 16 bits a channel, of which Pillow's modes hold eight."""
    if image.mode not in ("RGB", "RGBA", "RGBX", "LA"):
        return False
    if image.format == "TIFF":
        return bool(image.tag_v2.get(258, (8,))[0] == 16)
    return image.format == "PNG" and any(";16" in str(tile.args) for tile in image.tile)


def _through_opencv(image: Any, file: BinaryIO) -> Any:
    """Array of uint16 (H, W, 3 or 4) as stored, not turned; None where OpenCV cannot read it so."""
    if image.format == "TIFF" and image.tag_v2.get(284, 1) != 1:
        return None  # planes one after the other: OpenCV mistakes them for pixels
    file.seek(0)
    with contextlib.suppress(cv2.error):
        values = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
        if values is not None and values.dtype == np.uint16 and values.ndim == 3:
            code = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}.get(values.shape[2])
            return values if code is None else cv2.cvtColor(values, code)
    return None


def turned(values: Array, turn: int) -> Array:
    """What `reader.UPRIGHT` does to images, for arrays (H, W) or (H, W, C)."""
    if turn in (2, 3, 7, 8):
        values = values[:, ::-1]
    if turn in (3, 4, 6, 7):
        values = values[::-1]
    return values.swapaxes(0, 1) if turn >= 5 else values


@dataclass(frozen=True)
class Traits:
    """What a file is, beside its pixels."""

    size: tuple[int, int]
    """(width, height), upright."""
    format: str
    """Pillow's name for it, by what the file begins with."""
    unusual: dict[Trait, str]
    """What is unusual, with a word about it."""


def read_with_traits(
    path: Path, *, draft_size: int | None = None, max_megapixels: float = MAX_MEGAPIXELS
) -> tuple[Image.Image, Traits]:
    """Read a file as RGB like `read_image`, and say what is unusual about it.

    `draft_size` and ImageError as for `read_image`; the size is that of the whole picture.
    """
    with opened(path, max_megapixels) as (image, file):
        (width, height), kind = image.size, VARIANTS.get(image.format or "", image.format or "")
        unusual = _before_decoding(image, path, kind)
        if draft_size:
            image.draft(None, (draft_size, draft_size))
        remarks: list[str] = []
        pixels, alpha = on_white(decoded(image, file), 3, remarks.append)
        turn = orientation(image)  # a PNG may have its EXIF behind the pixels
        facts: list[Fact] = [
            (
                "alpha",
                alpha is not None and alpha.getextrema() != (255, 255),
                "transparent in places",
            ),
            ("profile", bool(remarks), "".join(remarks[:1])),
            ("animated", getattr(image, "is_animated", False), "several frames or pages"),
            ("rotated", turn != 1, f"EXIF orientation {turn}"),
        ]
        unusual |= {trait: word for trait, present, word in facts if present}
        if turn != 1:
            pixels = pixels.transpose(UPRIGHT[turn])
        size = (height, width) if turn >= 5 else (width, height)
        return pixels, Traits(size, kind, unusual)


def read_suffix(path: Path, *, max_megapixels: float = MAX_MEGAPIXELS) -> str:
    """The suffix of a file's format by what it begins with, whatever its name; `.png` for a format
    that cannot be written. ImageError as from `read_image`.
    """
    with opened(path, max_megapixels) as (image, _):
        kind = VARIANTS.get(image.format or "", image.format)
    names = (suffix for suffix, name in FORMATS.items() if name == kind and name in Image.SAVE)
    return next(names, ".png")


def _before_decoding(image: Any, path: Path, kind: str) -> dict[Trait, str]:
    """What the header tells, and no longer once the pixels are there."""
    expected = FORMATS.get(path.suffix.lower(), kind)
    # Loading undoes the orientation of a TIFF, and drops the tag.
    turn = image.tag_v2.get(ExifTags.Base.Orientation) if isinstance(image, TiffImageFile) else 1
    profile = image.info.get("icc_profile")
    grey = image.mode in ("1", "L", "LA") or image.mode.startswith("I")
    # An sRGB profile on a grey picture is left over from before it became grey.
    mode = "L" if grey and profile and profile[16:20] != b"RGB " else "RGB"
    floats = image.mode.startswith("F")
    deep = floats or image.mode.startswith("I") or _has_deep_color(image)
    facts: list[Fact] = [
        (
            "suffix",
            VARIANTS.get(expected, expected) != kind,
            f"{path.suffix} on a file that is {kind}",
        ),
        ("deep", deep, "floats" if floats else "16 bits a channel"),
        ("cmyk", image.mode == "CMYK", "CMYK"),
        ("rotated", turn in UPRIGHT, f"EXIF orientation {turn}"),
        ("profile", not is_srgb(profile, mode), "another colour profile than sRGB"),
    ]
    return {trait: word for trait, present, word in facts if present}
