"""Add degraded copies of training images to a dataset (data.degrade)."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset

from gan.config import DataConfig
from gan.config.tables.degradations import DEGRADATIONS
from gan.data.unpaired import ImageDataset, Key
from gan.images.degradations import Pixels, degrade
from gan.images.pixels import from_array, to_array

SHARE = 0.5
"""Probability that each degradation of data.degrade is applied to an image."""
STREAM = 1
"""Separates these random numbers from those of crops, which have the same seed and key."""


class WithDegraded(Dataset[tuple[Tensor, ...]]):
    """Returns the images of a dataset, followed by a degraded copy of each.

    Like the images, the copies depend on (seed, epoch, index) only.
    """

    def __init__(self, dataset: ImageDataset, data: DataConfig, seed: int) -> None:
        self.dataset, self.ranges, self.seed = dataset, data.degrade, seed

    def __len__(self) -> int:
        """Return the number of items in an epoch."""
        return len(self.dataset)

    def __getitem__(self, key: Key) -> tuple[Tensor, ...]:
        """Return the images of a key, then their degraded copies of the same types and shapes."""
        images = self.dataset[key]
        rng = np.random.default_rng([self.seed, *key, STREAM])
        copies = (draw(to_array(image), self.ranges, rng) for image in images)
        return (*images, *map(from_array, copies))

    @property
    def broken(self) -> dict[str, str] | None:
        """The dataset's files that became unreadable since the last batch; None without a list."""
        found: dict[str, str] | None = getattr(self.dataset, "broken", None)
        return found


def draw(
    pixels: Pixels, ranges: Mapping[str, tuple[float, float]], rng: np.random.Generator
) -> Pixels:
    """Return a degraded copy of pixels (H, W, C).

    Each degradation in `ranges` is applied with probability SHARE, in the order of the table. Its
    strength is uniform in its range.
    """
    for name in DEGRADATIONS:
        if name in ranges:
            chosen, strength = rng.random() < SHARE, rng.uniform(*ranges[name])
            pixels = degrade(pixels, name, strength, rng) if chosen else pixels
    return pixels


def with_degraded(dataset: ImageDataset, data: DataConfig, seed: int) -> ImageDataset:
    """Return the dataset with degraded copies; the dataset itself if data.degrade is empty."""
    return WithDegraded(dataset, data, seed) if data.degrade else dataset
