"""Read an image with its transparency, bit depth and metadata, so that all can be written.

Also report what is unusual about a readable file.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import TiffImageFile

from gan.config.choices import MAX_MEGAPIXELS, Channels, Range
from gan.images.color import deep_grey, is_srgb, on_white, twelve_bits, with_channels
from gan.images.deep import (
    DROPPED,
    Array,
    deep_pixels,
    eight_bits,
    in_range,
    numbers_of,
    turned,
)
from gan.images.formats import FORMATS
from gan.images.marks import Mark, marked_xmp, states_model
from gan.images.metadata import Tags, kept_density, kept_exif, kept_place
from gan.images.numbers import (
    color_numbers,
    floats_in,
    has_deep_color,
    has_other_band,
    in_planes,
)
from gan.images.reader import (
    UPRIGHT,
    decoded,
    eight_bit_image,
    metadata_follows_pixels,
    opened,
    orientation,
)
from gan.images.stacks import turn_to
from gan.images.xmp import kept_xmp

Trait = Literal["generated", "rotated", "deep", "alpha", "cmyk", "animated", "profile", "suffix"]
Fact = tuple[Trait, bool, str]
"""A trait, whether a file has it, and a short description."""

RESOLUTION = (
    ExifTags.Base.XResolution, ExifTags.Base.YResolution, ExifTags.Base.ResolutionUnit,
)  # fmt: skip
INCH = 2
PARTIAL = (8, 10, 12, 14)
"""Bit depths of instruments that write 16-bit files."""
VARIANTS = {"MPO": "JPEG", "DIB": "BMP"}
"""Formats that count as another format, with which they share suffixes."""


@dataclass(frozen=True)
class Picture:
    """An upright image in sRGB, on white where it is transparent."""

    pixels: Array
    """(H, W, 1 or 3), uint8 or uint16."""
    alpha: Array | None = None
    """(H, W), of the pixels' type; None if the file has no transparency."""
    exif: Image.Exif | None = None
    """Metadata for images made from this one: without orientation, thumbnail and color profile."""
    remarks: tuple[str, ...] = ()
    """Remarks about what reading skipped."""
    density: tuple[float, float] | None = None
    """Pixels per inch, horizontal and vertical; None if the file does not state them."""
    place: Tags = field(default_factory=dict)
    """Tags of a GeoTIFF, which place its pixels on the map."""
    floats: bool = False
    """Whether the file's numbers were floats."""
    written: Range | None = None
    """Numbers to write for black and white, if the format can hold them; None for 0 and the largest
    of the type."""
    xmp: bytes | None = None
    """XMP packet for images made from this one, without properties that describe the file."""

    def with_pixels(self, pixels: Array) -> "Picture":
        """Return a copy with other pixels of the same size; transparency and metadata are kept."""
        return replace(self, pixels=pixels)

    def with_mark(self, mark: Mark | None) -> "Picture":
        """Return a copy with a model's mark in its XMP; without XMP if `mark` is None."""
        return replace(self, xmp=marked_xmp(self.xmp, mark) if mark else None)


def read_picture(
    path: Path,
    *,
    channels: Channels = 3,
    max_megapixels: float = MAX_MEGAPIXELS,
    values: Range | None = None,
    page: int = 0,
) -> Picture:
    """Read a file like `read_image`, with its bit depth (8 or 16), transparency and metadata.

    With `values`, the range of the file's numbers, the pixels always have 16 bits. `page` is a page
    of a stack, from 0. Of an animation the first frame is read, with a remark. ImageError as from
    `read_image`.
    """
    remarks: list[str] = []
    with opened(path, max_megapixels) as (image, file):
        turn_to(image, file, page)
        stored = getattr(image, "tag_v2", {}).get(ExifTags.Base.Orientation, 1)
        place = kept_place(image, remarks.append)  # before Pillow rotates it
        if has_other_band(image):
            remarks.append(DROPPED)
        floats = floats_in(image)
        deep = deep_pixels(image, file, channels, remarks.append, values, page)
        pixels, alpha = deep or (None, None)
        if pixels is None:
            loaded = decoded(image, file)
            if values is not None:
                pixels, alpha = in_range(loaded, channels, values, remarks.append)
            else:
                shown, transparency = on_white(loaded, channels, remarks.append)
                pixels = np.asarray(shown)
                alpha = None if transparency is None else np.asarray(transparency)
            turn = orientation(image)  # the EXIF of a PNG may follow its pixels
            pixels, alpha = turned(pixels, turn), None if alpha is None else turned(alpha, turn)
        turn = orientation(image)
        if not page and _animated(image):
            remarks.append("animated: only its first frame is used")
        pixels = with_channels(pixels)
        density = kept_density(image, max(turn, stored))
        exif = kept_exif(image, (pixels.shape[1], pixels.shape[0]), remarks.append)
        xmp = kept_xmp(image, max(turn, stored), remarks.append)
        if density and exif and ExifTags.Base.XResolution in exif:
            exif.update(dict(zip(RESOLUTION, (*density, INCH), strict=True)))
    return Picture(pixels, alpha, exif, tuple(remarks), density, place, floats, xmp=xmp)


@dataclass(frozen=True)
class Traits:
    """Properties of a file other than its pixels."""

    size: tuple[int, int]
    """(width, height), upright."""
    format: str
    """Pillow's name of the format, detected from the file's first bytes."""
    unusual: dict[Trait, str]
    """The unusual traits, each with a short description."""
    numbers: Range | None = None
    """The smallest and largest number of a file with more than 8 bits a channel. Of colors with
    transparency, only the high bytes are known. None for other files, for 12-bit gray and for
    separate planes."""
    floats: bool = False

    @property
    def outside(self) -> bool:
        """Whether some numbers are outside their type's range, so that data.range_a is required."""
        if self.numbers is None:
            return False
        return self.numbers[0] < 0 or self.numbers[1] > (1 if self.floats else 65535)

    @property
    def bits(self) -> int | None:
        """The fewest of 8, 10, 12 or 14 bits that hold all numbers of a 16-bit file, or None."""
        if self.numbers is None or self.floats or self.outside:
            return None
        return next((bits for bits in PARTIAL if self.numbers[1] < 2**bits), None)

    @property
    def shown(self) -> Range | None:
        """The range of numbers to display from black to white; None for the range of their type."""
        if self.numbers is not None and self.outside:
            return self.numbers[0], max(self.numbers[1], self.numbers[0] + 1)
        return (0, 2**self.bits - 1) if self.bits else None


def read_with_traits(
    path: Path,
    *,
    draft_size: int | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
    page: int = 0,
) -> tuple[Image.Image, Traits]:
    """Read a file as RGB like `read_image`, and report what is unusual about it.

    If some numbers are outside their type's range, the smallest number becomes black and the
    largest white. If a file uses only 8 to 14 of its 16 bits, its numbers are scaled to use all.
    `draft_size` and ImageError as in `read_image`; Traits.size is the size without `draft_size`.
    """
    with opened(path, max_megapixels) as (image, file):
        turn_to(image, file, page)
        (width, height), kind = image.size, VARIANTS.get(image.format or "", image.format or "")
        unusual = _before_decoding(image, path, kind)
        if draft_size:
            image.draft(None, (draft_size, draft_size))
        remarks: list[str] = []
        stored = color_numbers(image, file, page) if has_deep_color(image) else None
        if stored is not None and stored.shape[2] == 4 and not has_other_band(image):
            stored = None  # with transparency: Pillow reads it
        loaded = decoded(image, file) if stored is None else image
        if stored is not None and image.format == "PNG" and metadata_follows_pixels(file):
            image.load()  # reads the orientation
        known = "deep" in unusual and not twelve_bits(image) and not in_planes(image)
        numbers = numbers_of(loaded, stored) if known else None
        traits = Traits((width, height), kind, unusual, numbers, floats_in(image))
        if stored is not None:
            loaded = eight_bit_image(stored[:, :, :3], traits.shown)
        elif traits.shown and loaded.mode.startswith(("I", "F")):
            loaded = Image.fromarray(eight_bits(deep_grey(loaded, traits.shown)[:, :, 0]))
        pixels, alpha = on_white(loaded, 3, remarks.append)
        turn = orientation(image)  # the EXIF of a PNG may follow its pixels
        facts: list[Fact] = [
            (
                "alpha",
                alpha is not None and alpha.getextrema() != (255, 255),
                "transparent in places",
            ),
            ("profile", bool(remarks), "".join(remarks[:1])),
            ("animated", _animated(image), "several frames or pages"),
            ("generated", states_model(image, file), "its metadata name a trained model"),
            ("rotated", turn != 1, f"EXIF orientation {turn}"),
        ]
        unusual |= {trait: word for trait, present, word in facts if present}
        if turn != 1:
            pixels = pixels.transpose(UPRIGHT[turn])
            if turn >= 5:
                traits = replace(traits, size=(height, width))
        return pixels, traits


def read_suffix(path: Path, *, max_megapixels: float = MAX_MEGAPIXELS) -> str:
    """Return the suffix of a file's format, detected from its first bytes and not from its name.

    `.png` for a format that cannot be written. ImageError as from `read_image`.
    """
    with opened(path, max_megapixels, pixels=False) as (image, _):
        kind = VARIANTS.get(image.format or "", image.format)
    names = (suffix for suffix, name in FORMATS.items() if name == kind and name in Image.SAVE)
    return next(names, ".png")


def has_pages(path: Path) -> bool:
    """Return whether a file has several frames or pages; readers use the first.

    ImageError as from `read_size`.
    """
    with opened(path, float("inf"), pixels=False) as (image, _):
        return _animated(image)


def _animated(image: Any) -> bool:
    """Return whether an opened file has several frames or pages; later ones may be damaged."""
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # damaged files raise many kinds; the first frame is good
        return True


def _before_decoding(image: Any, path: Path, kind: str) -> dict[Trait, str]:
    """Return the traits that the header shows and that are lost once the pixels are decoded."""
    expected = FORMATS.get(path.suffix.lower(), kind)
    # Loading a TIFF undoes its orientation and drops the tag.
    turn = image.tag_v2.get(ExifTags.Base.Orientation) if isinstance(image, TiffImageFile) else 1
    profile = image.info.get("icc_profile")
    grey = image.mode in ("1", "L", "LA") or image.mode.startswith("I")
    # An RGB profile on a gray image is a leftover from before its conversion to gray.
    mode = "L" if grey and profile and profile[16:20] != b"RGB " else "RGB"
    floats = floats_in(image)
    deep = floats or image.mode.startswith("I") or has_deep_color(image)
    seen = ", in planes: displayed in 8" if in_planes(image) else ""
    facts: list[Fact] = [
        (
            "suffix",
            VARIANTS.get(expected, expected) != kind,
            f"{path.suffix} on a file that is {kind}",
        ),
        ("deep", deep, "floats" if floats else f"16 bits a channel{seen}"),
        ("cmyk", image.mode == "CMYK", "CMYK"),
        ("rotated", turn in UPRIGHT, f"EXIF orientation {turn}"),
        ("profile", not is_srgb(profile, mode), "another color profile than sRGB"),
    ]
    return {trait: word for trait, present, word in facts if present}
