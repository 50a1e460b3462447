"""Read, write and resize image files."""

from gan.config.choices import MAX_MEGAPIXELS
from gan.images.color import to_channels
from gan.images.deep import read_image_or_pixels, read_pixels
from gan.images.folder import Found, find_images, list_images, nothing_found, skipped_lines
from gan.images.formats import IMAGE_SUFFIXES, ImageError
from gan.images.marks import Mark, made_by_model, mark_of
from gan.images.picture import (
    Picture,
    Trait,
    Traits,
    has_pages,
    read_picture,
    read_suffix,
    read_with_traits,
)
from gan.images.reader import read_image, read_orientation, read_size
from gan.images.resize import resize_short, resize_square, resized
from gan.images.writer import encode_image, write_image, write_picture

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_MEGAPIXELS",
    "Found",
    "ImageError",
    "Mark",
    "Picture",
    "Trait",
    "Traits",
    "encode_image",
    "find_images",
    "has_pages",
    "list_images",
    "made_by_model",
    "mark_of",
    "nothing_found",
    "read_image",
    "read_image_or_pixels",
    "read_orientation",
    "read_picture",
    "read_pixels",
    "read_size",
    "read_suffix",
    "read_with_traits",
    "resize_short",
    "resize_square",
    "resized",
    "skipped_lines",
    "to_channels",
    "write_image",
    "write_picture",
]
