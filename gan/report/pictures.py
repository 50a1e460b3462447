"""Embed pictures in the page as data URIs, shrunk to fit a number of bytes."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from gan.images import encode_image

SIDES = (1024, 768, 640, 512, 384, 320, 256, 192, 128, 96)
"""Longest sides in pixels to try, until all pictures of a section fit."""
LOSSLESS_SIDE = 200
"""Largest side, in pixels, of pictures that are stored as PNG. They are enlarged, so the losses of
other formats would be visible."""
QUALITY = 86
SMALL = 128
"""Pictures below this side, in pixels, are enlarged without blurring."""


@dataclass(frozen=True)
class Inline:
    """A picture as a data URI."""

    uri: str
    width: int
    height: int

    @property
    def small(self) -> bool:
        """Whether it is enlarged without blurring."""
        return max(self.width, self.height) < SMALL


def shelve(images: Sequence[Image.Image], budget: int) -> tuple[list[Inline], str | None]:
    """Encode pictures at the largest of SIDES at which they take at most `budget` bytes together.

    At the smallest side there is no limit. Return the pictures in order, and a remark if some were
    shrunk, else None.
    """
    for side in SIDES:
        pictures: list[Inline] = []
        room = budget
        for image in images:
            pictures.append(inline(shrunk(image, side)))
            room -= len(pictures[-1].uri)
            if room < 0 and side != SIDES[-1]:
                break
        else:
            break
    count = sum(max(image.size) > side for image in images)
    remark = f"{count} pictures are shown smaller than they are, {side} pixels at most."
    return pictures, remark if count else None


def shrunk(image: Image.Image, side: int) -> Image.Image:
    """Return the image with no side longer than `side`; the aspect ratio is kept."""
    scale = side / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(length * scale)) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def inline(image: Image.Image) -> Inline:
    """Return a picture as a data URI."""
    kind = "png" if max(image.size) <= LOSSLESS_SIDE else "webp"
    encoded = base64.b64encode(encode_image(image, f".{kind}", quality=QUALITY)).decode("ascii")
    return Inline(f"data:image/{kind};base64,{encoded}", image.width, image.height)


def spread(count: int, wanted: int) -> list[int]:
    """Return up to `wanted` of the indices 0 to count - 1, evenly spread, with both ends.

    If only one of several is wanted, it is the last.
    """
    if count <= wanted:
        return list(range(count))
    if wanted == 1:
        return [count - 1]
    return [round(index * (count - 1) / (wanted - 1)) for index in range(max(0, wanted))]
