"""Read stacks: TIFFs whose pages have equal size and mode, as microscopes write them."""

import io
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import IMAGEWIDTH, TiffImageFile

from gan.config.choices import MAX_MEGAPIXELS
from gan.images.color import WHITE_IS_ZERO, bands
from gan.images.complete import check_length
from gan.images.metadata import kept_exif, kept_place
from gan.images.reader import decoded, opened
from gan.images.xmp import kept_xmp

SUFFIXES = (".tif", ".tiff")
MOST_PAGES = 10_000
"""Largest number of pages in a stack: counting that many takes some seconds."""
REDUCED_OR_MASK = 0b101
"""Bits of NewSubfileType: the page is a reduced copy of another page, or a mask."""


def stack_pages(path: Path) -> int:
    """Return the number of pages of a stack; 1 for all other files.

    A TIFF with pages of several sizes or modes is not a stack: they are thumbnails, pyramids or
    masks. ImageError if a page's directory is damaged, or if there are more than MOST_PAGES.
    """
    if path.suffix.lower() in SUFFIXES:
        with opened(path, float("inf"), pixels=False) as (image, _):
            return _pages(image)
    return 1


def turn_to(image: ImageFile, file: BinaryIO, page: int) -> None:
    """Go to a page of an opened stack, from 0; ValueError if the page is not complete."""
    if page:
        image.seek(page)
        check_length(image, file)


def cut_page(path: Path, page: int, *, max_megapixels: float = MAX_MEGAPIXELS) -> bytes:
    """Return the bytes of a TIFF with one page of a stack; pages count from 0.

    If the page is gray with more than 8 bits, its numbers are unchanged. Other pages are read and
    written as pictures. ImageError as from `read_image`.
    """
    from gan.images.picture import Picture, read_picture
    from gan.images.writer import encode_picture, save_deep_tiff

    with opened(path, max_megapixels) as (image, file):
        turn_to(image, file, page)
        grey = image.mode in ("1", "L")
        if image.mode.startswith(("I", "F")):
            place = kept_place(image, lambda text: None)
            loaded = decoded(image, file)
            values = np.concatenate([numbers for _, numbers in bands(loaded)])[:, :, None]
            exif = kept_exif(image, image.size, lambda text: None)
            xmp = kept_xmp(image, 1, lambda text: None)
            tags, content = getattr(image, "tag_v2", {}), io.BytesIO()
            turned = tags.get(ExifTags.Base.PhotometricInterpretation) == WHITE_IS_ZERO
            page_picture = Picture(values, exif=exif, place=place, xmp=xmp)
            save_deep_tiff(values, page_picture, content, white_is_zero=turned)
            return content.getvalue()
    picture = read_picture(
        path, channels=1 if grey else 3, max_megapixels=max_megapixels, page=page
    )
    return encode_picture(picture, ".tif")


def _pages(image: ImageFile) -> int:
    """Return the number of pages of an opened file if all have equal size and mode, else 1."""
    if not isinstance(image, TiffImageFile):
        return 1
    kinds, count = set(), 0
    with suppress(EOFError):
        while True:
            try:
                image.seek(count)
            except EOFError:
                raise
            except Exception as error:  # damaged files raise many kinds
                if IMAGEWIDTH in image.tag_v2:  # another kind of page, for example a mask
                    return 1
                raise ValueError(f"damaged: page {count + 1} cannot be found") from error
            kind = image.tag_v2.get(ExifTags.Base.NewSubfileType, 0)
            kinds.add((image.size, image.mode, bool(kind & REDUCED_OR_MASK)))
            count += 1
            if count > MOST_PAGES:
                raise ValueError(f"more than {MOST_PAGES} pages")
    return count if len(kinds) == 1 and not kinds.pop()[2] else 1
