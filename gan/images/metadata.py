"""EXIF for a picture that was made of another: what still holds, and nothing that misleads."""

from collections.abc import Callable

from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile

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

SRGB = 1
LARGEST = 65_000
"""Bytes of EXIF that a JPEG can have, less its headers."""


def kept_exif(
    image: ImageFile, size: tuple[int, int], remark: Callable[[str], None]
) -> Image.Exif | None:
    """EXIF of an opened image for its upright sRGB translation of `size` (width, height).

    Camera, time, place, author and exposure stay. None without any; what is damaged or does not fit
    into a JPEG is left out, with a remark.
    """
    try:
        original = Image.Image.getexif(image)
        kept = Image.Exif()
        kept.update({tag: _text(value) for tag, value in original.items() if tag in KEPT})
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
                kept[directory] = 0  # its place, which writing puts in; TIFF asks for the tag
        length = len(kept.tobytes()) if kept else 0
    except Exception as error:  # as many kinds as damage has; the picture is still good
        remark(f"EXIF left out: {error or type(error).__name__}")
        return None
    if length > LARGEST:
        remark(f"EXIF left out: {length} bytes, and a JPEG can have {LARGEST}")
        return None
    return kept if kept else None


def _text(value: object) -> object:
    """Text beyond ASCII as the bytes that it was: Pillow reads them as Latin-1, writes ASCII."""
    plain = not isinstance(value, str) or value.isascii()
    return value if plain else str(value).encode("latin-1", "replace")
