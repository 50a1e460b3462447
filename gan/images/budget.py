"""A limit on the memory that threads or loader workers together use to decode images."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import BITSPERSAMPLE

from gan.config.choices import MAX_DECODED_MB

BYTES = {"WEBP": 25, "JPEG2000": 36}
"""Peak bytes per pixel while reading, by format, including the decoder's buffers; measured."""
OTHERS = 19
"""Peak bytes per pixel for all other formats."""
MEGABYTE = 1_000_000
TOKEN = 10
"""Megabytes that one semaphore token stands for."""


class Budget:
    """A memory limit that several threads or processes share; each waits until there is room."""

    def __init__(self, megabytes: float, context: Any = threading) -> None:
        """Set the limit; `context` (threading or a multiprocessing context) makes the locks."""
        self.megabytes, self.count = megabytes, max(1, int(megabytes / TOKEN))
        self.tokens, self.turn = context.BoundedSemaphore(self.count), context.Lock()

    @contextmanager
    def held(self, need: float) -> Iterator[None]:
        """Wait for `need` bytes and reserve them for the block; ValueError if above the limit."""
        megabytes = need / MEGABYTE
        if megabytes > self.megabytes:
            raise ValueError(
                f"would take {megabytes:.4g} MB to read; at most {self.megabytes:g} are allowed "
                "(max_decoded_mb)"
            )
        count = min(self.count, math.ceil(megabytes / TOKEN))
        with self.turn:  # otherwise two readers that each hold half would wait for each other
            for _ in range(count):
                self.tokens.acquire()
        try:
            yield
        finally:
            for _ in range(count):
                self.tokens.release()


_present = [Budget(MAX_DECODED_MB)]


def present() -> Budget:
    """Return the budget of this process."""
    return _present[0]


def share(budget: Budget) -> None:
    """Use a budget in this process from now on; other processes may share it."""
    _present[0] = budget


def limit_decoding(megabytes: float) -> None:
    """Limit the memory in which this process decodes images, in megabytes."""
    share(Budget(megabytes))


def needed(image: ImageFile) -> float:
    """Return the peak memory, in bytes, of reading an opened image."""
    each = BYTES.get(image.format or "", OTHERS)
    bits = getattr(image, "tag_v2", {}).get(BITSPERSAMPLE, ())
    if len(bits) > 1 and bits[0] > 16:  # the file's content, its numbers in two orders, our copy
        each = 3 * sum(bits) // 8 + OTHERS
    return image.width * image.height * each
