"""Store maps in files by line; reading and writing run in parallel with the arithmetic."""

import errno
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import torch
from torch import Tensor

from gan.inference.tiling.local import Span
from gan.system.unix import read_at, reserve, write_at

Item = TypeVar("Item")


class LineFile:
    """A float32 map (C, lines, width) in an open file, stored as (lines, width, C).

    It is read and written, not memory-mapped: mapped pages would count as resident memory.
    """

    def __init__(self, descriptor: int, channels: int, lines: int, width: int) -> None:
        self.descriptor, self.channels, self.width = descriptor, channels, width
        self.line_bytes = 4 * channels * width
        reserve(descriptor, lines * self.line_bytes)  # reports a full disk now, not an hour later

    def read(self, span: Span) -> Tensor:
        """Read lines as (1, C, h, width), channels_last."""
        lines = torch.empty(len(span), self.width, self.channels)
        self._move(read_at, lines, span.start)
        return lines.permute(2, 0, 1)[None]

    def write(self, start: int, x: Tensor) -> None:
        """Write (1, C, h, width), beginning at line `start`."""
        self._move(write_at, x[0].permute(1, 2, 0).cpu().contiguous(), start)

    def _move(self, move: Callable[[int, memoryview, int], int], lines: Tensor, start: int) -> None:
        rest = lines.numpy().data.cast("B")
        position = start * self.line_bytes
        while rest:  # one call moves at most 2 GiB
            count = move(self.descriptor, rest, position)
            assert count > 0, "lines that were never written"
            rest, position = rest[count:], position + count


@contextmanager
def scratch_maps(
    folder: Path, count: int, channels: int, lines: int, width: int
) -> Iterator[list[LineFile]]:
    """Open unnamed files for `count` maps in a folder, so that none can remain after an error.

    OSError, with the folder and the number of bytes needed, if the disk has less free.
    """
    size = count * 4 * channels * lines * width
    with ExitStack() as stack:
        try:
            if shutil.disk_usage(folder).free < size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            files = [stack.enter_context(tempfile.TemporaryFile(dir=folder)) for _ in range(count)]
            yield [LineFile(file.fileno(), channels, lines, width) for file in files]
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            free = shutil.disk_usage(folder).free
            raise OSError(
                errno.ENOSPC,
                f"{size} bytes are needed for an image in tiles, {free} are free",
                str(folder),
            ) from error


class Lanes:
    """A thread that reads ahead and a thread that writes in the background.

    Maps are overwritten in place, and the lines of the next read may overlap those of a write. So
    lines are written only after the next read is finished.
    """

    def __init__(self) -> None:
        self._reader, self._writer = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._reading: Future[Any] | None = None
        self._writing: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.shutdown(cancel_futures=True)
        self._writer.shutdown(cancel_futures=True)

    def ahead(self, reads: Sequence[Callable[[], Item]]) -> Iterator[Item]:
        """Yield the results of the reads; each starts before the previous result is yielded.

        The first starts after all earlier writes.
        """
        self.finish()
        self._reading = future = self._reader.submit(reads[0])
        for following in (*reads[1:], None):
            item = future.result()
            self._reading = None
            if following is not None:
                self._reading = future = self._reader.submit(following)
            yield item

    def write(self, file: LineFile, start: int, x: Tensor) -> None:
        """Write lines in the background; at most two writes wait, which bounds memory."""
        if self._reading is not None:
            self._reading.exception()  # waits; `ahead` raises the error
        while len(self._writing) >= 2:
            self._writing.popleft().result()
        self._writing.append(self._writer.submit(file.write, start, x))

    def finish(self) -> None:
        """Wait until everything is written."""
        while self._writing:
            self._writing.popleft().result()
