"""Load unpaired training images; their order depends only on (seed, epoch, index)."""

import multiprocessing
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, cast

import cv2
import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from gan.config import Config, DataConfig
from gan.config.choices import MAX_DECODED_MB
from gan.data.crops import Crops
from gan.data.folders import Folder
from gan.domains import Domain
from gan.images import ImageError
from gan.images.budget import Budget, share
from gan.images.formats import UnreachableError
from gan.system.remote import RemotePath
from gan.system.signals import leave_signals, shared_signal
from gan.system.stores import unreachable

TRIES = 8
"""Unreadable images in a row after which training ends with an error."""
Key = tuple[int, int]
"""(epoch, index) of a training pair; index counts from 0 within the epoch."""


class ImageDataset(Protocol):
    """Returns one image (C, H, W), uint8 or uint16, of each domain, as a function of a key only."""

    def __len__(self) -> int:
        """Return the number of items in an epoch."""

    def __getitem__(self, key: Key, /) -> tuple[Tensor, ...]:
        """Return the images of a key."""


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, length: int) -> NDArray[np.int64]:
    """Return the order of the larger folder's images in an epoch, a permutation of `length`."""
    return np.random.default_rng([seed, epoch]).permutation(length)


class UnpairedImages(Dataset[tuple[Tensor, ...]]):
    """Pairs of images: the larger folder in shuffled order, the other folder drawn at random."""

    def __init__(
        self, files_a: Sequence[Path], files_b: Sequence[Path], data: DataConfig, seed: int
    ) -> None:
        self.files_a, self.files_b = files_a, files_b
        self.data, self.seed = data, seed
        self.crops = Crops(data)
        self.broken: dict[str, str] = {}
        """Files that could not be read since the last batch: reasons by path."""
        self.remote = _any_remote(files_a, files_b)

    def __len__(self) -> int:
        """Return the number of pairs in an epoch: the images of the larger folder."""
        return max(len(self.files_a), len(self.files_b))

    def __getitem__(self, key: Key) -> tuple[Tensor, Tensor]:
        """Return the pair (a, b) of a key, cropped independently: (C, crop_size, crop_size)."""
        epoch, index = key
        rng = np.random.default_rng([self.seed, epoch, index])
        larger = int(_order(self.seed, epoch, len(self))[index])
        other = int(rng.integers(min(len(self.files_a), len(self.files_b))))
        a_is_larger = len(self.files_a) >= len(self.files_b)
        index_a, index_b = (larger, other) if a_is_larger else (other, larger)
        seed_a, seed_b = (int(seed) for seed in rng.integers(2**32, size=2))
        a, _ = readable_crop(self.crops, self.files_a, "a", index_a, seed_a, rng, self.broken)
        b, _ = readable_crop(self.crops, self.files_b, "b", index_b, seed_b, rng, self.broken)
        return a, b


def _any_remote(*folders: Sequence[Path]) -> bool:
    """Return whether one of the folders is in a store."""
    return any(isinstance(files[0], RemotePath) for files in folders if files)


class OneFolder(Dataset[tuple[Tensor, ...]]):
    """Images of domain A only, in shuffled order, as (image,), or (image, label) with labels."""

    def __init__(
        self, files: Sequence[Path], data: DataConfig, seed: int, labels: Sequence[int] = ()
    ) -> None:
        self.files, self.labels, self.seed = files, labels, seed
        self.crops = Crops(data)
        self.broken: dict[str, str] = {}
        self.remote = _any_remote(files)

    def __len__(self) -> int:
        """Return the number of images in an epoch: all of them."""
        return len(self.files)

    def __getitem__(self, key: Key) -> tuple[Tensor, ...]:
        """Return (image,) or (image, label): (C, crop_size, crop_size), and an int64 scalar."""
        epoch, index = key
        rng = np.random.default_rng([self.seed, epoch, index])
        seed = int(rng.integers(2**32))
        at = int(_order(self.seed, epoch, len(self))[index])
        image, at = readable_crop(self.crops, self.files, "a", at, seed, rng, self.broken)
        return (image, torch.tensor(self.labels[at])) if self.labels else (image,)


def readable_crop(
    crops: Crops,
    files: Sequence[Path],
    domain: Domain,
    at: int,
    seed: int,
    rng: np.random.Generator,
    broken: dict[str, str],
) -> tuple[Tensor, int]:
    """Return a crop of files[at], and the index of the file that was used.

    If the file cannot be read, a random one replaces it. Unreadable files are added to `broken`,
    with the reasons. ImageError if TRIES files in a row cannot be read, or if a store cannot be
    reached: then its images are not broken.
    """
    for _ in range(TRIES):
        try:
            return crops(files[at], domain, seed), at
        except ImageError as error:
            if unreachable(error):
                raise UnreachableError(str(error)) from error
            broken[str(files[at])] = reason = str(error)
            at = int(rng.integers(len(files)))
    raise ImageError(f"{reason}; {TRIES} images in a row cannot be read")


def build_dataset(config: Config, folders: Mapping[Domain, Folder]) -> UnpairedImages | OneFolder:
    """Return the dataset of two folders (unpaired images), or of domain A only."""
    data, seed = config.data, config.run.seed
    if "b" not in folders:
        return OneFolder(folders["a"].files, data, seed)
    return UnpairedImages(folders["a"].files, folders["b"].files, data, seed)


class Batches(Sampler[list[Key]]):
    """The keys of one process's batches, from an endless stream of epochs.

    Batch k of all processes together holds world * batch_size pairs, beginning at number k * world
    * batch_size; each process takes its own slice. So a step of a given number of pairs uses the
    same pairs for any division into processes, batches and accumulation, and a run can start at any
    batch. Batches may span two epochs: all are full, and no image is dropped.
    """

    def __init__(
        self, length: int, batch_size: int, *, start: int, stop: int, rank: int = 0, world: int = 1
    ) -> None:
        self.length, self.batch_size = length, batch_size
        self.range = range(start, stop)
        self.rank, self.world = rank, world

    def __len__(self) -> int:
        return len(self.range)

    def __iter__(self) -> Iterator[list[Key]]:
        for batch in self.range:
            first = (batch * self.world + self.rank) * self.batch_size
            yield [divmod(first + i, self.length) for i in range(self.batch_size)]


def build_loader(
    dataset: ImageDataset,
    batches: Batches,
    *,
    workers: int,
    device: torch.device,
    megabytes: float = MAX_DECODED_MB,
) -> DataLoader[tuple[Tensor, ...]]:
    """Return a loader of batches (a, b) or (a,), each (N, C, H, W), for a device.

    A batch is uint8, or uint16 if one of its images is. `megabytes` limits the memory that all
    workers together use for decoding.
    """
    gpu = device.type == "cuda"
    # Forking while a process group, CUDA or a store's client runs threads can hang.
    fresh = gpu or dist.is_initialized() or getattr(dataset, "remote", False)
    context = multiprocessing.get_context("forkserver" if fresh else None)
    start = partial(_start_worker, Budget(megabytes, context), shared_signal()) if workers else None
    # Workers wait for files, too, so more of them than cores may pay: `data.workers` decides.
    warnings.filterwarnings("ignore", "This DataLoader will create")
    return DataLoader(
        cast(Dataset[tuple[Tensor, ...]], dataset),
        batch_sampler=batches,
        collate_fn=Together(dataset),
        num_workers=workers,
        pin_memory=gpu,
        worker_init_fn=start,
        multiprocessing_context="forkserver" if fresh and workers else None,
        generator=torch.Generator(),  # a separate one: starting an iterator draws from it
    )


class LoadedBatch(list[Tensor]):
    """The images of each domain, (N, C, H, W)."""

    broken: Mapping[str, str] = MappingProxyType({})
    """Unreadable files that were replaced by others: reasons by path."""


@dataclass(frozen=True)
class Together:
    """Stacks a dataset's items into a batch, in the worker; mixed bit depths become 16 bits."""

    dataset: ImageDataset

    def __call__(self, items: Sequence[tuple[Tensor, ...]]) -> LoadedBatch:
        """Stack the images of each domain."""
        batch = LoadedBatch(torch.stack(_alike(images)) for images in zip(*items, strict=True))
        if broken := getattr(self.dataset, "broken", None):
            batch.broken = dict(broken)
            broken.clear()
        return batch


def _alike(images: Sequence[Tensor]) -> list[Tensor]:
    """Return images of one type: if types differ, uint8 images are converted to uint16."""
    if len({image.dtype for image in images}) == 1:
        return list(images)
    return [
        (image.int() * 257).to(torch.uint16) if image.dtype == torch.uint8 else image
        for image in images
    ]


def end_workers(batches: object) -> None:
    """End the workers of a loader's iterator, so that a failing run does not wait for them.

    The workers ignore signals. Those that do not end on request, as on a busy machine, are killed.
    """
    if isinstance(batches, _MultiProcessingDataLoaderIter):
        batches._shutdown_workers()
        for worker in batches._workers:
            worker.kill()


def _start_worker(budget: Budget, shared: Any, _: int) -> None:
    leave_signals(shared)
    share(budget)
    cv2.setNumThreads(0)  # torch uses one thread in a worker by itself, OpenCV does not
