"""Six painted styles for tests, clearly different in color and stroke: filters of photographs."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.painting import LUMA, Pixels, Plane, paint

Filter = Callable[[Pixels], Pixels]
Grey = NDArray[np.float32]
"""Values of every pixel in [0, 1], (H, W)."""


def grey(image: Pixels, sigma: float) -> Grey:
    """Return an image's tone (H, W), blurred and stretched to [0, 1]."""
    tone = cv2.GaussianBlur(image.astype(np.float32) @ LUMA, (0, 0), sigma)
    low, high = np.percentile(tone, (2, 98))
    stretched: Grey = np.clip((tone - low) / (high - low + 1), 0, 1).astype(np.float32)
    return stretched


def between(tone: Grey, dark: tuple[int, ...], light: tuple[int, ...]) -> Plane:
    """Return colors between dark and light for every tone."""
    start, end = np.array(dark, np.float32), np.array(light, np.float32)
    colours: Plane = start + tone[..., None] * (end - start)
    return colours


def pixels(values: Plane) -> Pixels:
    """Return values as uint8, rounded and clipped."""
    rounded: Pixels = np.clip(values + 0.5, 0, 255).astype(np.uint8)
    return rounded


def hatching(image: Pixels) -> Pixels:
    """Paint with black ink on cream: lines in up to three directions, more where it is darker."""
    tone = grey(image, 1)
    y, x = np.mgrid[: tone.shape[0], : tone.shape[1]].astype(np.float32)
    ink = np.zeros_like(tone)
    for limit, across, down in ((0.75, 1, 1), (0.5, 1, -1), (0.25, 0, 1.4)):
        line = 0.5 + 0.5 * np.sin((across * x + down * y) * 2 * np.pi / 6)
        ink = np.maximum(ink, (tone < limit) * np.clip(3 * line - 1.5, 0, 1))
    return pixels(between(1 - ink, (15, 12, 10), (246, 238, 214)))


def woodblock(image: Pixels) -> Pixels:
    """Paint flat areas in five blues and greens with dark lines, as in the demo."""
    return paint(image)


def dots(image: Pixels) -> Pixels:
    """Paint round dots in warm colors on a brown ground."""
    rng = np.random.default_rng(image.shape[0])
    palette = np.array([[150, 40, 20], [220, 90, 20], [245, 160, 40], [255, 220, 110]], np.float32)
    tone, result = grey(image, 1.5), np.full(image.shape, (90, 45, 25), np.uint8)
    height, width = tone.shape
    for y, x in rng.integers((height, width), size=(height * width // 6, 2)):
        place = np.clip(3.999 * tone[y, x] + rng.normal(0, 0.5), 0, 3.999)
        colour = palette[int(place)] + rng.normal(0, 12, 3)
        cv2.circle(result, (int(x), int(y)), 2, pixels(colour).tolist(), -1, cv2.LINE_AA)
    return result


def patches(image: Pixels) -> Pixels:
    """Paint broad patches of oil in violet and bright green, without lines."""
    tone = grey(cv2.medianBlur(np.ascontiguousarray(image), 9), 2)
    palette = np.array([[60, 10, 90], [140, 40, 170], [40, 150, 60], [170, 235, 70]], np.float32)
    flat = palette[np.minimum((tone * 4).astype(int), 3)]
    return pixels(cv2.medianBlur(pixels(flat), 7).astype(np.float32))


def charcoal(image: Pixels) -> Pixels:
    """Paint soft grays, smeared along a diagonal, on grained paper with broad dark contours."""
    rng = np.random.default_rng(1)
    tone = grey(image, 2)
    edges = np.clip(6 * np.hypot(*np.gradient(grey(image, 2))), 0, 1)
    grain = rng.normal(0, 0.35, tone.shape).astype(np.float32)
    smear = np.eye(11, dtype=np.float32) / 11
    rubbed = cv2.filter2D(0.25 + 0.5 * tone + grain, -1, smear)
    return pixels(between(np.clip(rubbed - 0.6 * edges, 0, 1), (30, 30, 34), (205, 205, 210)))


def mosaic(image: Pixels) -> Pixels:
    """Paint square tiles of gold, red and turquoise with black joints."""
    side = 6
    tone = grey(image, 1)
    height, width = tone.shape
    coarse = cv2.resize(tone, (-(-width // side), -(-height // side)), interpolation=cv2.INTER_AREA)
    palette = np.array([[120, 10, 20], [20, 130, 140], [215, 165, 30], [255, 235, 180]], np.float32)
    tiles = palette[np.minimum((coarse * 4).astype(int), 3)]
    large = np.kron(tiles, np.ones((side, side, 1), np.float32))[:height, :width]
    large[::side] = large[:, ::side] = 10
    return pixels(large)


STYLES: dict[str, Filter] = {
    filter.__name__: filter for filter in (hatching, woodblock, dots, patches, charcoal, mosaic)
}
"""All six styles by name."""
