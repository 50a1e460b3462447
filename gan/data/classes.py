"""Images whose class is the folder that they lie in."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from gan.config import DataConfig
from gan.data.unpaired import Key, OneFolder, order


@dataclass(frozen=True)
class Classes:
    """The classes of a folder, sorted by name, and the number of each file's own among them."""

    names: tuple[str, ...]
    labels: tuple[int, ...]


def classes_of(root: Path, files: Sequence[Path]) -> Classes:
    """Return the class of each file below root: the first folder on the path there.

    ValueError where a file lies in no class folder, or all lie in one.
    """
    places = [path.relative_to(root).parts for path in files]
    for path, parts in zip(files, places, strict=True):
        if len(parts) < 2:
            raise ValueError(f"{path}: lies in no class folder ({root}/CLASS/... is wanted)")
    names = sorted({parts[0] for parts in places})
    if len(names) < 2:
        raise ValueError(f"{root}: a classifier needs two class folders or more, not only {names}")
    numbers = {name: number for number, name in enumerate(names)}
    return Classes(tuple(names), tuple(numbers[parts[0]] for parts in places))


class LabelledImages(Dataset[tuple[Tensor, ...]]):
    """The images of domain A in shuffled order, each with its class."""

    def __init__(
        self, files: Sequence[Path], labels: Sequence[int], data: DataConfig, seed: int
    ) -> None:
        self.images, self.labels = OneFolder(files, data, seed), labels

    def __len__(self) -> int:
        """Images in an epoch: all of them."""
        return len(self.images)

    def __getitem__(self, key: Key) -> tuple[Tensor, Tensor]:
        """(image, class): uint8 (C, crop_size, crop_size) as the training sees it, and int64 ()."""
        epoch, index = key
        at = int(order(self.images.seed, epoch, len(self))[index])
        return *self.images[key], torch.tensor(self.labels[at])
