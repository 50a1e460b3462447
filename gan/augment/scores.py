"""The numbers that the gates compare, of a source and its translation.

The first is how much of a picture's drawing is left, whatever became of its colors. Every pixel has
the direction of its strongest edge and a weight. A direction is an angle doubled, so that light and
dark may change places; a weight is relative to the edges around, so that fog and night, which
flatten a picture, change little. Two pictures agree as their fields correlate.
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from gan.augment.dataset import Box
from gan.images.color import LUMA_COLUMN
from gan.images.deep import Array, eight_bits

Pixels = NDArray[np.uint8]
"""(H, W, 3)."""
Field = NDArray[np.complex64]
"""(H, W): weights from 0 to 1, directions as twice the angle."""
Plane = NDArray[np.floating[Any]]

LONGER_SIDE = 512
"""Pixels at which pictures are compared; larger ones are scaled down."""
SMALLEST = 8
"""Pixels of a labelled object's sides, at that size, below which its edges are not compared."""
AROUND = 16
"""Pixels (sigma) of what a place's lightness is compared with."""
REGIONS = 64
"""Objects, or colors of a mask, of one image that are looked at; the largest."""


BLUR = 1.5
"""Pixels (sigma) before edges are taken: strokes and noise are finer than what they depict."""
EDGES_AROUND = 8
"""Pixels (sigma) of what an edge's weight is relative to."""
NOISE = 0.004
"""Gradient per pixel, of values from 0 to 1, that counts as nothing: one grey level."""
FLAT = 0.02
"""Mean square of the weights below which there is nothing to preserve; photographs have 0.1 to
0.4."""


def measure(
    source: Array,
    translation: Array,
    reconstruction: Array | None = None,
    boxes: Sequence[Box] = (),
    mask: Array | None = None,
) -> dict[str, float | None]:
    """Scores by gate; all pictures (H, W, 1 or 3) of 8 or 16 bits, of one size."""
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


def comparable(pixels: Array) -> Pixels:
    """A picture as 8-bit RGB, its longer side at most LONGER_SIDE."""
    if pixels.dtype == np.uint16:
        pixels = eight_bits(pixels)
    pixels = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    scale = LONGER_SIDE / max(pixels.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(pixels)
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    return cast(Pixels, cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))


def _box_regions(
    boxes: Sequence[Box], width: int, height: int, shown: Pixels
) -> Iterator[tuple[slice, slice]]:
    """The boxes of an image of this size as parts of the picture that is shown."""
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
    """Where a mask (H, W, C) has each of its colors, at the size of the picture that is shown."""
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


def field(pixels: Pixels, blur: float = BLUR) -> Field:
    """The edge directions of a picture, after a blur of so many pixels (sigma).

    They are the structure tensor's over all color channels (Di Zenzo 1986): colors of one
    lightness have edges, too.
    """
    values = cv2.GaussianBlur(pixels.astype(np.float32) / 255, (0, 0), blur)
    across = cv2.Sobel(values, cv2.CV_32F, 1, 0, ksize=3) / 8
    down = cv2.Sobel(values, cv2.CV_32F, 0, 1, ksize=3) / 8
    tensor = (across**2 - down**2).sum(2) + 2j * (across * down).sum(2)
    energy = np.abs(tensor)
    magnitude = np.sqrt(energy)
    weight = magnitude / (magnitude + cv2.GaussianBlur(magnitude, (0, 0), EDGES_AROUND) + NOISE)
    return cast(Field, (tensor / (energy + 1e-12) * weight).astype(np.complex64))


def agreement(source: Field, result: Field) -> float | None:
    """The correlation of two fields or of equal parts of them, -1 to 1; None for a flat source."""
    power = (np.abs(source) ** 2).sum(dtype=np.float64)
    if power < FLAT * source.size:
        return None
    other = (np.abs(result) ** 2).sum(dtype=np.float64)
    common = np.real(np.conj(source) * result).sum(dtype=np.float64)
    return float(common / np.sqrt(power * other + 1e-12))


def displaced(source: Field, result: Field) -> float | None:
    """How much better the fields would agree if one were moved, 0 to 1; None for a flat source.

    0 where they agree best as they lie, 1 - here / there where they agree better somewhere else.
    All places are tried at once, by the theorem of convolution.
    """
    if (np.abs(source) ** 2).mean() < FLAT:
        return None
    spectrum = np.conj(np.fft.fft2(source)) * np.fft.fft2(result)
    everywhere = np.real(np.fft.ifft2(spectrum))
    here, best = everywhere[0, 0], everywhere.max()
    return 0.0 if best <= 1e-6 * source.size else float(min(1 - here / best, 1))


def _lightness(pixels: Pixels) -> Plane:
    """Lightness (H, W), 0 to 1, without fine detail."""
    luma = (pixels @ LUMA_COLUMN)[:, :, 0] / np.float32(255)
    return cast(Plane, cv2.GaussianBlur(luma, (0, 0), 2))


def _polarity(one: Plane, other: Plane) -> float | None:
    """Whether light is light, -1 to 1: the mean of two correlations, over all of the picture and
    of each place with what is around it. None where either picture is nearly flat.

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
    """Pearson's; None where either is nearly flat: then other gates have something to say."""
    first, second = one - one.mean(), other - other.mean()
    if min(first.std(), second.std()) < 0.005:
        return None
    return float((first * second).mean() / (first.std() * second.std()))


def contrast(source: Plane, translation: Plane) -> float | None:
    """The share of the source's contrast that is left; None for a source that has hardly any."""
    return float(translation.std() / source.std()) if source.std() >= 0.02 else None


def _cycle_error(source: Array, reconstruction: Array) -> float:
    """Mean absolute difference, 0 to 1."""
    difference = np.abs(source.astype(np.float32) - reconstruction.astype(np.float32))
    return float(difference.mean() / np.iinfo(source.dtype).max)
