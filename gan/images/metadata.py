"""EXIF for a picture that was made of another: what still holds, and nothing that misleads."""

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
"""Tags of the main directory that say what a picture is and who made it. The others describe how
the file stores it (a TIFF's strips, a thumbnail of the original, the orientation that was undone).
"""

GEO = (33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113)
"""Tags of a GeoTIFF (OGC 19-008r4): the pixels' scale, tie points, transformation, keys with their
numbers and texts; and GDAL's metadata and the value of missing data."""
Tags = Mapping[int, tuple[int, Any]]
"""Type and value of a TIFF's tags."""
SHAPES = '{"shape"'
"""How a description begins that says how the file stores its arrays (tifffile's)."""
SRGB = 1
LARGEST = 65_000
"""Bytes of EXIF that a JPEG can have, less its headers."""


def kept_exif(
    image: ImageFile, size: tuple[int, int], remark: Callable[[str], None]
) -> Image.Exif | None:
    """Return the EXIF of an opened image for its upright sRGB translation of `size` (width,
    height).

    Camera, time, place, author and exposure stay. None without any; what is damaged or does not fit
    into a JPEG is dropped, with a remark.
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
            details.pop(Base.MakerNote, None)  # refers to places in the file that it was in
        for directory, tags in (
            (ExifTags.IFD.Exif, details),
            (ExifTags.IFD.GPSInfo, original.get_ifd(ExifTags.IFD.GPSInfo)),
        ):
            if tags:
                kept.get_ifd(directory).update({tag: _text(tags[tag]) for tag in tags})
                kept[directory] = 0  # its place, which writing puts in; TIFF requires the tag
        length = len(kept.tobytes()) if kept else 0
    except Exception as error:  # as many kinds as damage has; the picture is still good
        remark(f"EXIF dropped: {error or type(error).__name__}")
        return None
    if length > LARGEST:
        remark(f"EXIF dropped: {length} bytes, and a JPEG can have {LARGEST}")
        return None
    return kept if kept else None


def kept_density(image: ImageFile, turn: int) -> tuple[float, float] | None:
    """Return an opened image's pixels per inch, across and down when it is upright.

    None where its file says nothing, or nothing that can be.
    """
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    if not all(0 < value < LARGEST for value in (across, down)):
        return None
    return (down, across) if turn >= 5 else (across, down)


def kept_place(image: ImageFile, remark: Callable[[str], None]) -> Tags:
    """Return the tags that say where on the map an opened TIFF lies; none for other images.

    None, with a remark, if the image is stored rotated: they count the stored pixels.
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
    """Return text beyond ASCII as the bytes that it was: Pillow reads them as Latin-1, writes
    ASCII."""
    plain = not isinstance(value, str) or value.isascii()
    return value if plain else str(value).encode("latin-1", "replace")
