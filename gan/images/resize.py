"""Resizing as the reference does: Pillow's bicubic, which filters before it shrinks."""

from PIL import Image

BICUBIC = Image.Resampling.BICUBIC


def resize_square(image: Image.Image, size: int) -> Image.Image:
    """The image at size x size pixels, aspect not kept; itself if it has that size."""
    return image if image.size == (size, size) else image.resize((size, size), BICUBIC)


def resize_short(image: Image.Image, size: int) -> Image.Image:
    """The image with its shorter side at `size` pixels, aspect kept; itself if it is so already.

    The longer side is rounded to the nearest pixel.
    """
    short = min(image.size)
    if short == size:
        return image
    width, height = (round(side * size / short) for side in image.size)
    return image.resize((width, height), BICUBIC)
