"""What is unusual about a file that can be read: all of it is handled, some of it matters."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import TiffImageFile

from gan.config.choices import MAX_MEGAPIXELS
from gan.images.color import is_srgb, on_white
from gan.images.formats import FORMATS
from gan.images.picture import has_deep_color
from gan.images.reader import UPRIGHT, decoded, opened, orientation

Trait = Literal["rotated", "deep", "alpha", "cmyk", "animated", "profile", "suffix"]

VARIANTS = {"MPO": "JPEG", "DIB": "BMP"}
"""Formats that share another one's suffix."""


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
        profile_remarks: list[str] = []
        pixels, alpha = on_white(decoded(image, file), 3, profile_remarks.append)
        if alpha is not None and alpha.getextrema() != (255, 255):
            unusual["alpha"] = "transparent in places"
        if profile_remarks:
            unusual["profile"] = profile_remarks[0]
        if getattr(image, "is_animated", False):
            unusual["animated"] = "several frames or pages"
        turn = orientation(image)  # a PNG may have its EXIF behind the pixels
        if turn != 1:
            unusual["rotated"] = f"EXIF orientation {turn}"
            pixels = pixels.transpose(UPRIGHT[turn])
        size = (height, width) if turn >= 5 else (width, height)
        return pixels, Traits(size, kind, unusual)


def read_suffix(path: Path, *, max_megapixels: float = MAX_MEGAPIXELS) -> str:
    """The suffix of a file's format by what it begins with, whatever its name; `.png` for a format
    that cannot be written. ImageError as from `read_image`.
    """
    with opened(path, max_megapixels) as (image, _):
        kind = VARIANTS.get(image.format or "", image.format)
    suffixes = (suffix for suffix, name in FORMATS.items() if name == kind)
    return next(suffixes, ".png") if kind in Image.SAVE else ".png"


def _before_decoding(image: Any, path: Path, kind: str) -> dict[Trait, str]:
    """What the header tells, and no longer once the pixels are there."""
    unusual: dict[Trait, str] = {}
    expected = FORMATS.get(path.suffix.lower(), kind)
    if VARIANTS.get(expected, expected) != kind:
        unusual["suffix"] = f"{path.suffix} on a file that is {kind}"
    if image.mode.startswith(("I", "F")) or has_deep_color(image):
        unusual["deep"] = "floats" if image.mode.startswith("F") else "16 bits a channel"
    if image.mode == "CMYK":
        unusual["cmyk"] = "CMYK"
    if isinstance(image, TiffImageFile):  # undoes it while loading, and drops the tag
        turn = image.tag_v2.get(ExifTags.Base.Orientation, 1)
        if turn in UPRIGHT:
            unusual["rotated"] = f"EXIF orientation {turn}"
    profile = image.info.get("icc_profile")
    grey = image.mode in ("1", "L", "LA") or image.mode.startswith("I")
    # An sRGB profile on a grey picture is left over from before it became grey.
    mode = "L" if grey and profile and profile[16:20] != b"RGB " else "RGB"
    if not is_srgb(profile, mode):
        unusual["profile"] = "another colour profile than sRGB"
    return unusual
