"""Synthetic images without noise, all different, none a mirror image of another."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

Photos = Callable[..., Path]
"""photos(name="photos", count=4, size=(24, 20), mode="RGB", suffix=".png") -> folder."""


def picture(seed: int, size: tuple[int, int] = (96, 80)) -> Image.Image:
    """Return colored shapes of all scales at random places, in mode RGB."""
    rng = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[:height, :width] / min(size)
    pixels = np.full((height, width, 3), rng.uniform(0, 255, 3))
    for _ in range(40):
        left, top = rng.uniform(0, width / min(size)), rng.uniform(0, height / min(size))
        radius, stretch = rng.uniform(0.03, 0.35), rng.uniform(0.4, 2.5)
        inside = ((x - left) / stretch) ** 2 + ((y - top) * stretch) ** 2 < radius**2
        pixels[inside] = rng.uniform(0, 255, 3)
    return Image.fromarray(pixels.astype(np.uint8))


def write_dataset(root: Path, **counts: int) -> Path:
    """write_dataset(root, trainA=3, testB=2) writes pictures, all of them different."""
    for number, (name, count) in enumerate(counts.items()):
        (root / name).mkdir(parents=True)
        for index in range(count):
            picture(1000 * number + index).save(root / name / f"{index:03d}.png")
    return root
