"""The one reader and writer of image files, and the two ways to resize."""

from gan.config.choices import MAX_MEGAPIXELS
from gan.images.color import to_channels
from gan.images.folder import Found, find_images, list_images
from gan.images.formats import IMAGE_SUFFIXES, ImageError
from gan.images.names import printable
from gan.images.picture import Picture, read_picture
from gan.images.reader import read_image, read_orientation, read_size
from gan.images.resize import resize_short, resize_square
from gan.images.traits import Trait, Traits, read_suffix, read_with_traits
from gan.images.writer import (
    check_writable,
    encode_image,
    remove_parts,
    write_image,
    write_picture,
    write_whole,
)

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_MEGAPIXELS",
    "Found",
    "ImageError",
    "Picture",
    "Trait",
    "Traits",
    "check_writable",
    "encode_image",
    "find_images",
    "list_images",
    "printable",
    "read_image",
    "read_orientation",
    "read_picture",
    "read_size",
    "read_suffix",
    "read_with_traits",
    "remove_parts",
    "resize_short",
    "resize_square",
    "to_channels",
    "write_image",
    "write_picture",
    "write_whole",
]
