"""Run several batches at once on a device."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Self, TypeVar

import torch

from gan.inference.folder.plan import Job
from gan.system.threads import cores

ONE_THREAD_PIXELS = 2**20
"""Largest number of pixels of a batch that one CPU core processes alone."""

Result = TypeVar("Result")


def share_of_cores() -> int | None:
    """Return the number of threads for one of several processes; None to keep torch's number.

    torchrun and accelerate set it to one in every process, whatever the number of cores.
    """
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    share = max(1, cores() // processes)
    present = torch.get_num_threads()
    return share if processes > 1 and (present == 1 or present > share) else None


class Streams:
    """Runs one batch at a time on a GPU; on a CPU, several small ones at once, a thread for each.

    Threads that share a small image wait for each other whenever a core has other work, such as
    reading and writing images. One thread per image also gives the same result for any number of
    cores. Large images use all threads, one image after the other, because several would not fit
    into memory.
    """

    def __init__(self, device: torch.device) -> None:
        self.threads = torch.get_num_threads()
        self.cpu = device.type == "cpu"
        # A new thread's current GPU is 0, not the current GPU of the process.
        begin = partial(torch.cuda.set_device, device) if device.type == "cuda" else None
        self.pool = ThreadPoolExecutor(self.threads if self.cpu else 1, initializer=begin)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self.threads)

    def map(
        self,
        function: Callable[[Sequence[Job], Any], Result],
        batches: Iterator[tuple[Sequence[Job], Any]],
    ) -> Iterator[Result]:
        """Yield function(batch, read), in order, for each batch and its pictures as read."""
        running: deque[Future[Result]] = deque()
        for batch, read in batches:
            small = sum(job.pixels for job in batch) <= ONE_THREAD_PIXELS
            threads = 1 if small else self.threads
            most = self.threads // threads if self.cpu else 1
            while len(running) >= most:
                yield running.popleft().result()
            running.append(self.pool.submit(self.call, threads, function, batch, read))
            if not small:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()

    def call(self, threads: int, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return function(*arguments), computed by `threads` threads; torch sets it per thread."""
        if self.cpu and torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        return function(*arguments)
