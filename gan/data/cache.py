"""Resized training images on disk, so that a photograph is decoded once and not once an epoch."""

import hashlib
import mmap
import os
import re
import struct
import time
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan.system.atomic import remove_parts, write_whole
from gan.system.hashing import file_sha256

Pixels = NDArray[Any]
"""(H, W, C), uint8 or uint16."""
Stamp = tuple[int, ...]
"""What changes with a file: its number, its length, and the times of its last changes."""

HEADER = struct.Struct("<8s4I")
"""What MAGIC says, height, width, channels, and the pixels' CRC-32; the pixels follow."""
MAGIC: dict[Any, Any] = {b"ganpix-1": np.dtype(np.uint8), b"ganpix-2": np.dtype("<u2")}
"""How entries begin, and the pixels that follow."""
NAME = re.compile("[0-9a-f]{62}")
"""What entries are called; nothing else is counted or removed."""
SHARDS = 256
"""Folders that entries are spread over by their keys; each may hold its part of the limit."""
SETTLED = 2 * 10**9
"""Nanoseconds since a file's last change before its times tell of the next one: clocks of file
systems tick, some every other second."""


class PixelCache:
    """A folder of pixels, named by the contents of the files that they were made of.

    A key is a hash of a file's bytes and of `settings`, so a file that changes has another. What
    its bytes are a process reads once and again whenever the file's stamp is another. An entry
    appears whole or not at all and is checked at its first use, so any number of processes may fill
    a cache at once, and be killed. Where nothing can be written images are decoded as without it.

    The folder stays below `limit` bytes. What has not been used since this object was made gives
    place to what is new, oldest first; where all is in use the rest is decoded every time.
    """

    def __init__(self, folder: Path, limit: int, settings: str) -> None:
        self.folder, self.limit, self.settings = folder, limit, settings
        self.known: dict[Path, tuple[Stamp, Path]] = {}
        self.started = time.time()
        self.writes, self.told = True, False

    def read(self, path: Path, make: Callable[[], Pixels]) -> Pixels:
        """Return the pixels that `make` makes of a file; an array of the caller's own."""
        before = self.known.get(path)
        found = self.entry(path)
        if found is None:
            return make()
        stamp, entry = found
        pixels = load(entry, check=found != before)
        if pixels is None:
            pixels = make()
            if stamp != stamp_of(path):  # it changed between its hash and now
                return pixels
            self.store(entry, pixels)
        self.known[path] = found
        return pixels

    def entry(self, path: Path) -> tuple[Stamp, Path] | None:
        """Return a file's stamp and where its pixels belong; None where that is not certain."""
        now = time.time_ns()
        stamp = stamp_of(path)
        if (known := self.known.get(path)) and known[0] == stamp:
            return known
        if stamp is None or now - max(stamp[-2:]) < SETTLED:
            return None
        try:
            content = file_sha256(path)
        except OSError:  # whoever decodes it will say why
            return None
        key = hashlib.sha256(f"{self.settings}\n{content}".encode()).hexdigest()
        return stamp, self.folder / key[:2] / key[2:]

    def store(self, entry: Path, pixels: Pixels) -> None:
        """Write an entry, if there is room for it; a disk that takes nothing is reported once."""
        data = np.ascontiguousarray(pixels)
        magic = next(magic for magic, dtype in MAGIC.items() if dtype == data.dtype)
        header = HEADER.pack(magic, *data.shape, zlib.crc32(data.data))
        size = HEADER.size + data.nbytes
        if size > self.limit // SHARDS and not self.told:
            self.told = True
            warnings.warn(
                f"data.cache: images of {size / 1e6:.0f} MB are not kept: data.cache_gb would have "
                f"to be {size * SHARDS / 1e9:.1f} or more", stacklevel=2,
            )  # fmt: skip
        try:
            if self.writes and self.make_room(entry.parent, size):
                write_whole(entry, lambda file: file.write(header + data.data))
        except OSError as error:
            self.writes = False
            warnings.warn(f"data.cache: not written to any more: {error}", stacklevel=2)

    def make_room(self, shard: Path, size: int) -> bool:
        """Return whether an entry fits into its shard, after unused ones are removed."""
        if not shard.is_dir():
            return size <= self.limit // SHARDS
        remove_parts(shard)
        files = sorted(_entries(shard), key=lambda file: file[1].st_mtime)
        excess: int = sum(status.st_size for _, status in files) + size - self.limit // SHARDS
        for path, status in files:
            if excess <= 0 or status.st_mtime >= self.started:
                break
            path.unlink(missing_ok=True)
            excess -= status.st_size
        return excess <= 0

    def describe(self) -> str:
        """Return where the cache is and how large, in one line."""
        sizes = [file[1].st_size for shard in self.folder.glob("??") for file in _entries(shard)]
        return (
            f"data.cache: {self.folder} holds {len(sizes)} images, {sum(sizes) / 1e9:.2f} GB "
            f"of {self.limit / 1e9:g} at most"
        )


def load(entry: Path, *, check: bool) -> Pixels | None:
    """Return the pixels of an entry, mapped; None where there is none, or a damaged one.

    The map is private: what is written into it stays in memory. `check` compares the checksum and
    marks the entry as in use.
    """
    try:
        with entry.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        magic, *shape, checksum = HEADER.unpack_from(data)
        pixels: Pixels = np.frombuffer(data, MAGIC[magic], offset=HEADER.size)
        if pixels.size != np.prod(shape) or (check and zlib.crc32(pixels.data) != checksum):
            return None
    except (OSError, ValueError, KeyError, struct.error):  # not there, empty, short, another kind
        return None
    if check:
        with suppress(OSError):  # somebody else's, perhaps
            os.utime(entry)
    return pixels.reshape(shape)


def stamp_of(path: Path) -> Stamp | None:
    """Return what a file's changes show in; None where there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def make_folder(folder: Path) -> None:
    """Make a cache's folder, or find one; ValueError where it is something else.

    The mark in it is that of the Cache Directory Tagging Specification, by which backups skip
    it. A folder with other things in it and without the mark is somebody's.
    """
    mark = folder / "CACHEDIR.TAG"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if mark.exists():
            return
        if any(path != mark for path in folder.iterdir()):
            raise ValueError(f"data.cache: {folder} holds other things: name an empty folder")
        mark.write_text("Signature: 8a477f597d28d172789f06886806bc55\n# Made by data.cache\n")
    except FileExistsError as error:
        raise ValueError(f"data.cache: {folder}: is not a folder") from error
    except OSError as error:
        raise ValueError(f"data.cache: {folder}: {error.strerror}") from error


def _entries(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """Return the entries of a shard with their statuses; others may be removing some of them."""
    found = []
    for path in folder.iterdir():
        if NAME.fullmatch(path.name):
            with suppress(OSError):
                found.append((path, path.stat()))
    return found
