"""Keep an image's metadata for a translation of it: the tags that are still true."""

from collections.abc import Callable, Mapping
from typing import Any

from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

Base = ExifTags.Base

KEPT = frozenset(
    tag.value
    for tag in (
        Base.ImageDescription, Base.Make, Base.Model, Base.XResolution, Base.YResolution,
        Base.ResolutionUnit, Base.Software, Base.DateTime, Base.Artist, Base.HostComputer,
        Base.Rating, Base.RatingPercent, Base.Copyright, Base.XPTitle, Base.XPComment,
        Base.XPAuthor, Base.XPKeywords, Base.XPSubject,
    )
)  # fmt: skip
"""Tags of the main directory that describe the picture and its author. The others describe how the
file stores it (strips of a TIFF, thumbnail of the original, the orientation that was undone).
"""

GEO = (33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113)
"""Tags of a GeoTIFF (OGC 19-008r4): pixel scale, tie points, transformation, keys with their
numbers and texts; and two of GDAL: its metadata and the value of missing data."""
Tags = Mapping[int, tuple[int, Any]]
"""Type and value of TIFF tags, by tag."""
SHAPES = '{"shape"'
"""Beginning of descriptions by tifffile, which describe the stored arrays and not the picture."""
SRGB = 1
LARGEST = 65_000
"""Largest size in bytes of EXIF in a JPEG, without its headers."""


def kept_exif(
    image: ImageFile, size: tuple[int, int], remark: Callable[[str], None]
) -> Image.Exif | None:
    """Return the EXIF of an opened image for an upright sRGB translation; size is (width, height).

    Camera, time, place, author and exposure are kept. None if the image has no EXIF. EXIF that is
    damaged or too large for a JPEG is dropped: None, with a remark.
    """
    try:
        original = Image.Image.getexif(image)
        kept = Image.Exif()
        kept.update({tag: _text(value) for tag, value in original.items() if tag in KEPT})
        if str(kept.get(Base.ImageDescription, "")).startswith(SHAPES):
            del kept[Base.ImageDescription]
        details = dict(original.get_ifd(ExifTags.IFD.Exif))
        if details:
            details |= {Base.ColorSpace: SRGB}
            details |= {Base.ExifImageWidth: size[0], Base.ExifImageHeight: size[1]}
            details.pop(Base.MakerNote, None)  # it holds offsets into the original file
        for directory, tags in (
            (ExifTags.IFD.Exif, details),
            (ExifTags.IFD.GPSInfo, original.get_ifd(ExifTags.IFD.GPSInfo)),
        ):
            if tags:
                kept.get_ifd(directory).update({tag: _text(tags[tag]) for tag in tags})
                kept[directory] = 0  # the offset, which writing fills in; TIFF requires the tag
        length = len(kept.tobytes()) if kept else 0
    except Exception as error:  # damaged EXIF raises many kinds; the picture is still good
        remark(f"EXIF dropped: {error or type(error).__name__}")
        return None
    if length > LARGEST:
        remark(f"EXIF dropped: {length} bytes, but a JPEG holds at most {LARGEST}")
        return None
    return kept if kept else None


def kept_density(image: ImageFile, turn: int) -> tuple[float, float] | None:
    """Return the pixels per inch of an opened image, horizontal and vertical when it is upright.

    `turn` is its EXIF orientation. None if the file states no density, or an impossible one.
    """
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    if not all(0 < value < LARGEST for value in (across, down)):
        return None
    return (down, across) if turn >= 5 else (across, down)


def kept_place(image: ImageFile, remark: Callable[[str], None]) -> Tags:
    """Return the GeoTIFF tags of an opened image, which place it on the map; empty if it has none.

    If the image is stored rotated, the tags are dropped with a remark: they refer to stored pixels.
    """
    if not isinstance(image, TiffImageFile):
        return {}
    tags = image.tag_v2
    found = {tag: (tags.tagtype[tag], _text(tags[tag])) for tag in GEO if tag in tags}
    if found and tags.get(Base.Orientation, 1) != 1:
        remark("GeoTIFF tags dropped: the image is stored rotated")
        return {}
    return found


def _text(value: object) -> object:
    """Return non-ASCII text as Latin-1 bytes, other values unchanged.

    Pillow reads Latin-1, but writes only ASCII.
    """
    plain = not isinstance(value, str) or value.isascii()
    return value if plain else str(value).encode("latin-1", "replace")
