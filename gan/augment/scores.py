"""The numbers that the gates compare, of a source and its translation."""

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
"""Pixels of a labeled object's sides, at that size, below which its edges are not compared."""
AROUND = 16
"""Pixels (sigma) of what a place's lightness is compared with."""
REGIONS = 64
"""Objects, or colors of a mask, of one image that are looked at; the largest."""


def measure(
    source: Array,
    translation: Array,
    reconstruction: Array | None = None,
    boxes: Sequence[Box] = (),
    mask: Array | None = None,
) -> dict[str, float | None]:
    """Return scores by gate; all pictures (H, W, 1 or 3) of 8 or 16 bits, of one size."""
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
    """Yield the boxes of an image of this size as parts of the picture that is shown."""
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
    """Yield where a mask (H, W, C) has each of its colors, at the size of the shown picture."""
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
    """Return lightness (H, W), 0 to 1, without fine detail."""
    luma = (pixels @ LUMA_COLUMN)[:, :, 0] / np.float32(255)
    return cast(Plane, cv2.GaussianBlur(luma, (0, 0), 2))


def _polarity(one: Plane, other: Plane) -> float | None:
    """Return whether light is light, -1 to 1: the mean of two correlations, over all of the picture
    and of each place with what is around it. None where either picture is nearly flat.

    Fog that is denser on one side turns the first in good translations, ink lines the second; a
    negative turns both.
    """
    whole = _correlation(one, other)
    local = _correlation(
        *(plane - cv2.GaussianBlur(plane, (0, 0), AROUND) for plane in (one, other))
    )
    found = [value for value in (whole, local) if value is not None]
    return sum(found) / len(found) if found else None


def _correlation(one: Plane, other: Plane) -> float | None:
    """Return Pearson's correlation; None where either is nearly flat: other gates see that."""
    first, second = one - one.mean(), other - other.mean()
    if min(first.std(), second.std()) < 0.005:
        return None
    return float((first * second).mean() / (first.std() * second.std()))


def contrast(source: Plane, translation: Plane) -> float | None:
    """Return the share of the source's contrast that is left; None where it has hardly any."""
    return float(translation.std() / source.std()) if source.std() >= 0.02 else None


def _cycle_error(source: Array, reconstruction: Array) -> float:
    """Return the mean absolute difference, 0 to 1."""
    difference = np.abs(source.astype(np.float32) - reconstruction.astype(np.float32))
    return float(difference.mean() / np.iinfo(source.dtype).max)
