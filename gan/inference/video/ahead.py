"""Run work on a background thread: read items ahead, and finish calls later."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self, TypeVar

Item = TypeVar("Item")
WAITING = 4
"""Largest number of calls that may wait."""


def ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """Yield items; the next one is computed on another thread meanwhile."""
    end = object()
    with ThreadPoolExecutor(1) as pool:
        future: Future[Any] = pool.submit(next, items, end)
        while (item := future.result()) is not end:
            future = pool.submit(next, items, end)
            yield item


class Behind:
    """Calls functions in order on another thread; errors are raised by a later call."""

    def __init__(self) -> None:
        self.pool, self.calls = ThreadPoolExecutor(1), deque[Future[Any]]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function later; wait if too many calls wait already."""
        while len(self.calls) >= WAITING:
            self.calls.popleft().result()
        self.calls.append(self.pool.submit(function, *arguments))

    def finish(self) -> None:
        """Wait until everything is done."""
        while self.calls:
            self.calls.popleft().result()
