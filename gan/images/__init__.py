"""The one reader and writer of image files, and the two ways to resize."""

from gan.images.color import to_channels
from gan.images.folder import Found, find_images, list_images
from gan.images.formats import IMAGE_SUFFIXES, ImageError
from gan.images.picture import Picture, read_picture
from gan.images.reader import MAX_MEGAPIXELS, read_image, read_orientation, read_size
from gan.images.resize import resize_short, resize_square
from gan.images.writer import remove_parts, write_image, write_picture

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_MEGAPIXELS",
    "Found",
    "ImageError",
    "Picture",
    "find_images",
    "list_images",
    "read_image",
    "read_orientation",
    "read_picture",
    "read_size",
    "remove_parts",
    "resize_short",
    "resize_square",
    "to_channels",
    "write_image",
    "write_picture",
]
