"""Compute the scores of a translation for the gates."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from gan.augment.dataset import Box
from gan.images.color import LUMA_COLUMN
from gan.images.deep import Array
from gan.metrics.structure import Pixels, agreement, comparable, displaced, field

Plane = NDArray[np.floating[Any]]

SMALLEST = 8
"""Smallest side of a labeled object for comparing its edges, in pixels of the scaled image."""
AROUND = 16
"""Sigma of the surroundings with which a pixel's lightness is compared, in pixels."""
REGIONS = 64
"""Largest number of objects, or colors of a mask, to compare in an image; the largest come
first."""


def measure(
    source: Array,
    translation: Array,
    reconstruction: Array | None = None,
    boxes: Sequence[Box] = (),
    mask: Array | None = None,
) -> dict[str, float | None]:
    """Return scores by gate, without identity, realism and task; None if nothing can be measured.

    All images are (H, W, 1 or 3), 8 or 16 bits, of equal size. Edges are compared in each of
    `boxes` and in the region of each color of `mask`, (H, W, C).
    """
    height, width = source.shape[:2]
    before, after = comparable(source), comparable(translation)
    drawn, redrawn = field(before), field(after)
    regions: list[Any] = [*_box_regions(boxes, width, height, before), *_mask_regions(mask, before)]
    edges = (agreement(drawn[region], redrawn[region]) for region in regions)
    luma, new_luma = _lightness(before), _lightness(after)
    return {
        "structure": agreement(drawn, redrawn),
        "shift": displaced(drawn, redrawn),
        "edges": min((value for value in edges if value is not None), default=None),
        "luma": _polarity(luma, new_luma),
        "contrast": contrast(luma, new_luma),
        "cycle": None if reconstruction is None else _cycle_error(source, reconstruction),
    }


def _box_regions(
    boxes: Sequence[Box], width: int, height: int, shown: Pixels
) -> Iterator[tuple[slice, slice]]:
    """Yield the boxes of a width x height image as slices of the scaled image `shown`."""
    down, across = shown.shape[:2]
    largest_first = sorted(
        boxes, key=lambda box: (box.right - box.left) * (box.bottom - box.top), reverse=True
    )
    for box in largest_first[:REGIONS]:
        x, y = (across, down) if box.relative else (across / width, down / height)
        edges = np.clip([box.left * x, box.right * x], 0, across).round().astype(int)
        lines = np.clip([box.top * y, box.bottom * y], 0, down).round().astype(int)
        if min(edges[1] - edges[0], lines[1] - lines[0]) >= SMALLEST:
            yield slice(*lines), slice(*edges)


def _mask_regions(mask: Array | None, shown: Pixels) -> Iterator[NDArray[np.bool_]]:
    """Yield a boolean map for each color of a mask (H, W, C), at the size of the image `shown`."""
    if mask is None:
        return
    size = shown.shape[1], shown.shape[0]
    colors = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST).reshape(*shown.shape[:2], -1)
    _, labels, counts = np.unique(
        colors.reshape(-1, colors.shape[2]), axis=0, return_inverse=True, return_counts=True
    )
    labels = labels.reshape(shown.shape[:2])
    for label in np.argsort(-counts, kind="stable")[:REGIONS]:
        if counts[label] >= SMALLEST**2:
            yield labels == label


def _lightness(pixels: Pixels) -> Plane:
    """Return the blurred lightness (H, W), 0 to 1."""
    luma = (pixels @ LUMA_COLUMN)[:, :, 0] / np.float32(255)
    return cast(Plane, cv2.GaussianBlur(luma, (0, 0), 2))


def _polarity(one: Plane, other: Plane) -> float | None:
    """Return how far light areas stay light, -1 to 1; None if an image is nearly flat.

    It is the mean of two correlations: of lightness, and of lightness relative to the surroundings.
    In good translations one of them can be negative: the first with fog on one side, the second
    with ink lines. In a negative image both are.
    """
    whole = _correlation(one, other)
    local = _correlation(
        *(plane - cv2.GaussianBlur(plane, (0, 0), AROUND) for plane in (one, other))
    )
    found = [value for value in (whole, local) if value is not None]
    return sum(found) / len(found) if found else None


def _correlation(one: Plane, other: Plane) -> float | None:
    """Return Pearson's correlation; None if a plane is nearly flat, which other gates detect."""
    first, second = one - one.mean(), other - other.mean()
    if min(first.std(), second.std()) < 0.005:
        return None
    return float((first * second).mean() / (first.std() * second.std()))


def contrast(source: Plane, translation: Plane) -> float | None:
    """Return the translation's contrast over the source's; None if the source's is nearly 0."""
    return float(translation.std() / source.std()) if source.std() >= 0.02 else None


def _cycle_error(source: Array, reconstruction: Array) -> float:
    """Return the mean absolute difference of pixels, 0 to 1."""
    difference = np.abs(source.astype(np.float32) - reconstruction.astype(np.float32))
    return float(difference.mean() / np.iinfo(source.dtype).max)
