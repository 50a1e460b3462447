"""Copy batches to the device, and measure how long the device waited for them."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import torch
from accelerate import Accelerator

from gan.config import Config
from gan.data import Batches, ImageDataset, build_loader, end_workers, with_degraded
from gan.training.broken_images import BrokenImages
from gan.training.recipes.base import Batch
from gan.training.schedule import RunLength


class LoaderWait:
    """The share of the time spent waiting for images, window by window."""

    def __init__(self) -> None:
        self.seconds = 0.0  # in the present window
        self.since = time.perf_counter()

    def share(self) -> float:
        """Return the share of the time since the last call, 0 to 1, and begin a new window."""
        now = time.perf_counter()
        share = self.seconds / (now - self.since)
        self.seconds, self.since = 0.0, now
        return min(1.0, share)


def feed(batches: Iterator[Batch], device: torch.device, waits: LoaderWait) -> Iterator[Batch]:
    """Yield a loader's batches, copied to the device if it is a CUDA GPU, else unchanged.

    Batches are copied on a separate stream while the GPU computes the previous step. If the device
    was idle when a batch arrived, the wait for it is added to `waits`; asking whether it is idle
    does not synchronize. The first wait, while workers start, does not count.
    """
    copies = torch.cuda.Stream(device) if device.type == "cuda" else None
    waiting_since: float | None = None
    for batch in batches:
        if waiting_since is not None and _idle(device):
            waits.seconds += time.perf_counter() - waiting_since
        yield _copied(batch, device, copies) if copies else batch
        waiting_since = time.perf_counter()


def _idle(device: torch.device) -> bool:
    """Return whether the device is idle."""
    return device.type != "cuda" or torch.cuda.current_stream(device).query()


def _copied(batch: Batch, device: torch.device, stream: torch.cuda.Stream) -> Batch:
    """Copy a batch to a GPU on `stream`; the present stream waits for it, and the host does not."""
    with torch.cuda.stream(stream):
        copies = [images.to(device, non_blocking=True) for images in batch]
    present = torch.cuda.current_stream(device)
    present.wait_stream(stream)
    for images in copies:
        images.record_stream(present)  # else the memory could be reused while it is read
    return copies


def load_batches(
    dataset: ImageDataset,
    config: Config,
    length: RunLength,
    accelerator: Accelerator,
    *,
    loaders: ExitStack,
    waits: LoaderWait,
    after: int,
    broken: BrokenImages,
) -> Iterator[Batch]:
    """Yield this process's batches for the steps that follow step `after`.

    `loaders` closes the loader.
    """
    keys = Batches(
        len(dataset),
        config.train.batch_size,
        start=after * config.train.accumulate,
        stop=length.stop * config.train.accumulate,
        rank=accelerator.process_index,
        world=accelerator.num_processes,
    )
    batches = iter(
        build_loader(
            with_degraded(dataset, config.data, config.run.seed),
            keys,
            workers=config.data.workers,
            device=accelerator.device,
            megabytes=config.data.max_decoded_mb,
        )
    )
    loaders.callback(end_workers, batches)
    return feed(broken.note(batches), accelerator.device, waits)
