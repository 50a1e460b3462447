"""Read the pixels and masks of samples, scaled to one size."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gan.augment.ablation.samples import Sample
from gan.config.choices import Range
from gan.images import ImageError, read_picture, read_pixels, resized
from gan.images.deep import Array, as_pixels, eight_bits
from gan.system.failures import Failure, failure

Pixels = NDArray[np.uint8]
"""(side, side, 3)."""
Colors = NDArray[np.int64]
"""(height, width): the color of each pixel of a mask, as one number."""

MOST_COLORS = 256
"""Largest number of colors in all masks together; more mean lossy files or blended edges."""
DEEP = 1 << 32
"""Added to the numbers in a 16-bit mask, to tell them from colors."""
UNKNOWN = -1
"""The class of a pixel whose color is in no training mask."""


def read_crops(
    root: Path,
    samples: Sequence[Sample],
    side: int,
    values: Range | None = None,
    max_megapixels: float = float("inf"),
) -> tuple[list[Pixels | None], list[Failure]]:
    """Return each sample's pixels, or None if its image is unreadable; also return the failures.

    `values` are the numbers in the files that mean black and white. 16-bit pixels become 8-bit.
    """
    numbers = defaultdict[Path, list[int]](list)
    for number, sample in enumerate(samples):
        numbers[sample.image].append(number)

    def read(image: Path) -> list[Pixels] | Failure:
        path = root / image
        try:
            pixels = read_pixels(path, values=values, max_megapixels=max_megapixels)
        except ImageError as error:
            return failure(path, error)
        shown = eight_bits(pixels) if pixels.dtype == np.uint16 else pixels
        return [_crop(shown, samples[number], side) for number in numbers[image]]

    found = list[Pixels | None]([None] * len(samples))
    failures = list[Failure]()
    with ThreadPoolExecutor() as threads:
        for image, crops in zip(numbers, threads.map(read, numbers), strict=True):
            if isinstance(crops, Failure):
                failures.append(crops)
                continue
            for number, crop in zip(numbers[image], crops, strict=True):
                found[number] = crop
    return found, failures


def _crop(pixels: Array, sample: Sample, side: int) -> Pixels:
    """Return a sample's part of an image, stretched to a square `side` pixels wide."""
    if part := sample.part:
        pixels = pixels[int(part.top) : int(part.bottom), int(part.left) : int(part.right)]
    square: Pixels = as_pixels(resized(Image.fromarray(pixels), (side, side)))
    return square


def read_colors(path: Path) -> Colors:
    """Return the colors of a mask as numbers (H, W); gray counts as a color with equal channels.

    ImageError as from `read_picture`.
    """
    pixels: Array = read_picture(path).pixels
    if pixels.dtype == np.uint16:
        return DEEP + pixels[:, :, 0].astype(np.int64)
    rgb = np.broadcast_to(pixels, (*pixels.shape[:2], 3)).astype(np.int64)
    colors: Colors = rgb @ np.array([1 << 16, 1 << 8, 1])
    return colors


def color_name(color: int) -> str:
    """Return the name of a mask's color: #rrggbb, or the number in a 16-bit mask."""
    return f"{color - DEEP}" if color >= DEEP else f"#{color:06x}"


def find_colors(root: Path, masks: Sequence[Path]) -> tuple[list[int], list[Failure]]:
    """Return the colors of all masks, sorted, and the masks that cannot be read.

    ValueError if there are too many colors to be classes.
    """

    def read(mask: Path) -> list[int] | Failure:
        try:
            found: list[int] = np.unique(read_colors(root / mask)).tolist()
            return found
        except ImageError as error:
            return failure(root / mask, error)

    colors, failures = set[int](), list[Failure]()
    with ThreadPoolExecutor() as threads:
        for mask, found in zip(masks, threads.map(read, masks), strict=True):
            if isinstance(found, Failure):
                failures.append(found)
                continue
            colors.update(found)
            if len(colors) > MOST_COLORS:
                raise ValueError(
                    f"ablation: {root / mask}: the masks up to this one have {len(colors)} colors, "
                    f"more than {MOST_COLORS}: write them as PNG with one color for each class"
                )
    return sorted(colors), failures


def read_maps(
    root: Path, samples: Sequence[Sample], classes: Mapping[str, int], side: int
) -> list[NDArray[np.int64] | None]:
    """Return the class of each pixel, (side, side), of each mask; None for an unreadable mask."""
    with ThreadPoolExecutor() as threads:
        return list(threads.map(partial(_read_map, root, classes, side), samples))


def _read_map(
    root: Path, classes: Mapping[str, int], side: int, sample: Sample
) -> NDArray[np.int64] | None:
    """Return the class of each pixel, (side, side), at the nearest pixel of the mask, or None."""
    assert sample.mask
    try:
        colors = read_colors(root / sample.mask)
    except ImageError:
        return None
    there, places = np.unique(colors, return_inverse=True)
    known: Any = [classes.get(color_name(int(color)), UNKNOWN) for color in there]
    whole = np.array(known, np.int16)[places.reshape(colors.shape)]
    shown = cv2.resize(whole, (side, side), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(shown, np.int64)
