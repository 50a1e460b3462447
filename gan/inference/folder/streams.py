"""How many batches a device works on at a time."""

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
"""Pixels of a batch up to which a CPU's core works on it alone."""

Result = TypeVar("Result")


def share_of_cores() -> int | None:
    """Return this process's share of the cores, where it is one of several and has another number.

    torchrun and accelerate give every process one thread, however many cores there are.
    """
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    share = max(1, cores() // processes)
    present = torch.get_num_threads()
    return share if processes > 1 and (present == 1 or present > share) else None


class Streams:
    """A GPU takes one batch after the other; each of a CPU's cores has its own small batch.

    Threads that share a small picture wait for each other as soon as a core has other work, the
    reading and writing of pictures, say; and what one thread computes is the same with any number
    of cores. Large pictures have all threads, one after the other, because several would not fit
    into memory.
    """

    def __init__(self, device: torch.device) -> None:
        self.threads = torch.get_num_threads()
        self.cpu = device.type == "cpu"
        # A thread's present GPU is 0, whatever that of the process is.
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
        """Yield the function's results on batches and what was read of them, in their order."""
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
        """Call a function with so many threads for torch, which counts them in every thread."""
        if self.cpu and torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        return function(*arguments)
