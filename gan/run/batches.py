"""What each process is given to train on."""

from collections.abc import Iterator
from contextlib import ExitStack

from accelerate import Accelerator

from gan.config import Config
from gan.data import Batches, OneFolder, UnpairedImages, build_loader, end_workers
from gan.extent import Extent
from gan.run.feed import Feed, Waits
from gan.trainer import Batch


def load_batches(
    dataset: UnpairedImages | OneFolder,
    config: Config,
    extent: Extent,
    accelerator: Accelerator,
    *,
    loaders: ExitStack,
    waits: Waits,
    after: int,
) -> Iterator[Batch]:
    """This process's batches from the step after this one to the last, until `loaders` closes."""
    accumulate = config.train.accumulate
    keys = Batches(
        len(dataset),
        config.train.batch_size,
        start=after * accumulate,
        stop=extent.stop * accumulate,
        rank=accelerator.process_index,
        world=accelerator.num_processes,
    )
    loader = build_loader(
        dataset,
        keys,
        workers=config.data.workers,
        pin_memory=accelerator.device.type == "cuda",
        # Forking beside the threads of a process group hung once; workers start once a run.
        context="forkserver" if accelerator.num_processes > 1 else None,
    )
    batches = iter(loader)
    loaders.callback(end_workers, batches)
    return Feed(batches, accelerator.device, waits)
