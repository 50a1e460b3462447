"""How much memory images may take while they are read: threads, or loader workers, together."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import BITSPERSAMPLE

from gan.config.choices import MAX_DECODED_MB

BYTES = {"WEBP": 25, "JPEG2000": 36}
"""Bytes a pixel that reading takes at most, from the decoder's own to the array: measured."""
OTHERS = 19
MEGABYTE = 1_000_000
TOKEN = 10
"""Megabytes that are taken and given back at once."""


class Budget:
    """A limit of megabytes for several threads or processes; they wait until there is room."""

    def __init__(self, megabytes: float, context: Any = threading) -> None:
        """context, threading or one of multiprocessing, makes the locks."""
        self.megabytes, self.count = megabytes, max(1, int(megabytes / TOKEN))
        self.tokens, self.turn = context.BoundedSemaphore(self.count), context.Lock()

    @contextmanager
    def held(self, need: float) -> Iterator[None]:
        """Hold so many bytes in the block; ValueError where they are more than there ever are."""
        megabytes = need / MEGABYTE
        if megabytes > self.megabytes:
            raise ValueError(
                f"would take {megabytes:.4g} MB to read; at most {self.megabytes:g} are allowed "
                "(max_decoded_mb)"
            )
        count = min(self.count, math.ceil(megabytes / TOKEN))
        with self.turn:  # two that each have a half would wait for each other
            for _ in range(count):
                self.tokens.acquire()
        try:
            yield
        finally:
            for _ in range(count):
                self.tokens.release()


_present = [Budget(MAX_DECODED_MB)]


def present() -> Budget:
    """Return what this process reads by."""
    return _present[0]


def share(budget: Budget) -> None:
    """Read by a budget from now on, perhaps one that other processes have too."""
    _present[0] = budget


def limit_decoding(megabytes: float) -> None:
    """Set how much reading may take in this process."""
    share(Budget(megabytes))


def needed(image: ImageFile) -> float:
    """Return the bytes that reading an opened image takes at most."""
    each = BYTES.get(image.format or "", OTHERS)
    bits = getattr(image, "tag_v2", {}).get(BITSPERSAMPLE, ())
    if len(bits) > 1 and bits[0] > 16:  # the file's content, its numbers in either order, and ours
        each = 3 * sum(bits) // 8 + OTHERS
    return image.width * image.height * each
