"""Batches on their way to the device, and how long it had to wait for them."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import torch
from accelerate import Accelerator

from gan.config import Config
from gan.data import Batches, ImageDataset, build_loader, end_workers
from gan.training.recipes.base import Batch
from gan.training.schedule import RunLength


class LoaderWait:
    """The share of the time that passed waiting for images, window by window."""

    def __init__(self) -> None:
        self.seconds = 0.0  # in the present window
        self.since = time.perf_counter()

    def share(self) -> float:
        """The share since the last call, 0 to 1; a new window begins."""
        now = time.perf_counter()
        share = self.seconds / (now - self.since)
        self.seconds, self.since = 0.0, now
        return min(1.0, share)


class Feed:
    """An iterator over a loader's batches, on the device.

    To a GPU they are copied on a stream of their own, while it computes the step before; elsewhere
    they pass as they are. A wait for the loader counts where the device had nothing left to do when
    the batch came, which is asked without waiting for it; the first one, for workers to start,
    does not.
    """

    def __init__(self, batches: Iterator[Batch], device: torch.device, waits: LoaderWait) -> None:
        self.batches, self.device, self.waits = batches, device, waits
        self.copies = torch.cuda.Stream(device) if device.type == "cuda" else None
        self.begun = False

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        """The next batch; StopIteration where the loader ends."""
        started = time.perf_counter()
        batch = next(self.batches)
        if self.begun and self.idle():
            self.waits.seconds += time.perf_counter() - started
        self.begun = True
        return self.moved(batch)

    def idle(self) -> bool:
        """Whether the device has nothing to do."""
        return self.copies is None or torch.cuda.current_stream(self.device).query()

    def moved(self, batch: Batch) -> Batch:
        """The batch on the device; on a GPU its present stream waits for the copy, not the host."""
        if self.copies is None:
            return batch
        with torch.cuda.stream(self.copies):
            copies = [images.to(self.device, non_blocking=True) for images in batch]
        present = torch.cuda.current_stream(self.device)
        present.wait_stream(self.copies)
        for images in copies:
            images.record_stream(present)  # or their memory would be given away while it is read
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
) -> Iterator[Batch]:
    """Yield this process's batches of the steps after this one, until `loaders` closes."""
    accumulate = config.train.accumulate
    keys = Batches(
        len(dataset),
        config.train.batch_size,
        start=after * accumulate,
        stop=length.stop * accumulate,
        rank=accelerator.process_index,
        world=accelerator.num_processes,
    )
    loader = build_loader(
        dataset,
        keys,
        workers=config.data.workers,
        device=accelerator.device,
    )
    batches = iter(loader)
    loaders.callback(end_workers, batches)
    return Feed(batches, accelerator.device, waits)
