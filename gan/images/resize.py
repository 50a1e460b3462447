"""Resize as the reference does: Pillow's bicubic, which filters when it shrinks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BICUBIC = Image.Resampling.BICUBIC


def resize_square(image: Image.Image, size: int) -> Image.Image:
    """Return the image at size x size pixels, aspect ratio not kept; itself if it has that size."""
    return image if image.size == (size, size) else image.resize((size, size), BICUBIC)


def resize_short(image: Image.Image, size: int) -> Image.Image:
    """Return the image with its shorter side at `size` pixels, aspect ratio kept.

    The image itself if it has that size.
    """
    wanted = short_size(image.width, image.height, size)
    return image if image.size == wanted else image.resize(wanted, BICUBIC)


def short_size(width: int, height: int, size: int) -> tuple[int, int]:
    """Return (width, height) scaled to a shorter side of `size`; the longer side is rounded."""
    short = min(width, height)
    if short == size:
        return width, height
    return round(width * size / short), round(height * size / short)


def resized(
    picture: Image.Image | NDArray[Any], size: tuple[int, int]
) -> Image.Image | NDArray[Any]:
    """Return an image, or uint16 pixels (H, W, C), resized to `size`, (width, height).

    The input itself if it has that size. uint16 pixels are resized in float32, rounded and clipped.
    """
    if isinstance(picture, Image.Image):
        return picture if picture.size == size else picture.resize(size, BICUBIC)
    if picture.shape[1::-1] == size:
        return picture
    planes = [
        np.asarray(Image.fromarray(plane.astype(np.float32)).resize(size, BICUBIC))
        for plane in np.moveaxis(picture, 2, 0)
    ]
    deep: NDArray[Any] = np.rint(np.stack(planes, axis=2).clip(0, 65535)).astype(np.uint16)
    return deep
