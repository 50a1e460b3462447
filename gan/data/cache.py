"""Cache resized training images on disk, so that each is decoded once and not once per epoch."""

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

from gan.data.digests import Digests
from gan.system.atomic import remove_parts, write_whole
from gan.system.hashing import file_sha256
from gan.system.remote import RemotePath

Pixels = NDArray[Any]
"""(H, W, C), uint8 or uint16."""
Stamp = tuple[int, ...]
"""Device, inode, length, modification time and change time of a file; any change alters one."""

HEADER = struct.Struct("<8s4I")
"""An entry's header: MAGIC, height, width, channels and the CRC-32 of the pixels, which follow."""
MAGIC: dict[Any, Any] = {b"ganpix-1": np.dtype(np.uint8), b"ganpix-2": np.dtype("<u2")}
"""First bytes of an entry, and the type of its pixels."""
NAME = re.compile("[0-9a-f]{62}")
"""Names of entries; other files are neither counted nor removed."""
SHARDS = 256
"""Number of subfolders that hold the entries, by key; each may fill an equal part of the limit."""
SETTLED = 2 * 10**9
"""Nanoseconds after a file's last change until its times are trusted: the times of some file
systems have a resolution of two seconds."""


class PixelCache:
    """A folder of pixels, keyed by the contents of the image files.

    The key is a hash of a file's bytes and of `settings`, so a changed file has another key. A
    process hashes each file once, and again whenever its stamp changes. An entry appears complete
    or not at all and is checked at its first use, so several processes may fill a cache at once,
    and may be killed. If the folder cannot be written, images are decoded as without a cache.

    The folder stays below `limit` bytes. New entries replace those that were not used since this
    object was created, oldest first. If all entries are in use, further images are not cached.
    """

    def __init__(self, folder: Path, limit: int, settings: str) -> None:
        self.folder, self.limit, self.settings = folder, limit, settings
        self.known = Digests()
        """Keys of entries that were checked, by the file's path and stamp."""
        self.started = time.time()
        self.writes, self.told = True, False

    def read(self, path: Path, make: Callable[[], Pixels]) -> Pixels:
        """Return a file's pixels from the cache or from `make`; the caller may modify them."""
        if isinstance(path, RemotePath):
            return self.read_object(path, make)
        stamp = stamp_of(path)
        name = f"{path}\n{stamp}"
        before = self.known.get(name)
        key = before or self.key(path, stamp)
        if key is None:
            return make()
        entry = self.place(key)
        pixels = load(entry, check=before is None)
        if pixels is None:
            pixels = make()
            if stamp != stamp_of(path):  # it changed between its hash and now
                return pixels
            self.store(entry, pixels)
        if before is None:
            self.known.put(name, key)
        return pixels

    def read_object(self, path: RemotePath, make: Callable[[], Pixels]) -> Pixels:
        """Return an object's pixels, from the cache if they are in it.

        The key is the object's URL, length and tag, so the object is not fetched to compute it. An
        object without a tag is not cached: it could change without notice.
        """
        if not path.tag:
            return make()
        key = hashlib.sha256(f"{self.settings}\n{path}\n{path.size}\n{path.tag}".encode())
        entry = self.place(key.digest())
        pixels = load(entry, check=True)
        if pixels is None:
            pixels = make()
            self.store(entry, pixels)
        return pixels

    def place(self, key: bytes) -> Path:
        """Return the path of an entry."""
        return self.folder / key.hex()[:2] / key.hex()[2:]

    def key(self, path: Path, stamp: Stamp | None) -> bytes | None:
        """Return the key of a file's entry; None if it may be changing, or cannot be read."""
        if stamp is None or time.time_ns() - max(stamp[-2:]) < SETTLED:
            return None
        try:
            content = file_sha256(path)
        except OSError:  # decoding it will report the reason
            return None
        return hashlib.sha256(f"{self.settings}\n{content}".encode()).digest()

    def store(self, entry: Path, pixels: Pixels) -> None:
        """Write an entry if there is room.

        Warn once if an entry is too large for the limit. If the disk cannot be written, warn and
        write no more entries.
        """
        data = np.ascontiguousarray(pixels)
        magic = next(magic for magic, dtype in MAGIC.items() if dtype == data.dtype)
        header = HEADER.pack(magic, *data.shape, zlib.crc32(data.data))
        size = HEADER.size + data.nbytes
        if size > self.limit // SHARDS and not self.told:
            self.told = True
            warnings.warn(
                f"data.cache: images of {size / 1e6:.0f} MB are not cached: to cache them, set "
                f"data.cache_gb to {size * SHARDS / 1e9:.1f} or more", stacklevel=2,
            )  # fmt: skip
        try:
            if self.writes and self.make_room(entry.parent, size):
                write_whole(entry, lambda file: file.write(header + data.data))
        except OSError as error:
            self.writes = False
            warnings.warn(f"data.cache: no longer written: {error}", stacklevel=2)

    def make_room(self, shard: Path, size: int) -> bool:
        """Remove unused entries of a shard, oldest first; return whether `size` bytes fit now."""
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
        """Return a line with the cache's folder, its number of images and their size."""
        sizes = [file[1].st_size for shard in self.folder.glob("??") for file in _entries(shard)]
        return (
            f"data.cache: {self.folder} holds {len(sizes)} images, {sum(sizes) / 1e9:.2f} GB "
            f"of {self.limit / 1e9:g} at most"
        )


def load(entry: Path, *, check: bool) -> Pixels | None:
    """Return the memory-mapped pixels of an entry; None if it is missing or damaged.

    The mapping is private: writes to it stay in memory. `check` compares the checksum and marks the
    entry as used.
    """
    try:
        with entry.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        magic, *shape, checksum = HEADER.unpack_from(data)
        pixels: Pixels = np.frombuffer(data, MAGIC[magic], offset=HEADER.size)
        if pixels.size != np.prod(shape) or (check and zlib.crc32(pixels.data) != checksum):
            return None
    except (OSError, ValueError, KeyError, struct.error):  # missing, empty, short, another format
        return None
    if check:
        with suppress(OSError):  # it may belong to another user
            os.utime(entry)
    return pixels.reshape(shape)


def stamp_of(path: Path) -> Stamp | None:
    """Return the stamp of a file; None if it does not exist or cannot be accessed."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def make_folder(folder: Path) -> None:
    """Create a cache's folder, or accept an existing one; ValueError if it holds other files.

    A file CACHEDIR.TAG marks the folder as a cache, so that backups skip it (Cache Directory
    Tagging Specification). A folder that holds files but not this one is not a cache.
    """
    mark = folder / "CACHEDIR.TAG"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if mark.exists():
            return
        if any(path != mark for path in folder.iterdir()):
            raise ValueError(f"data.cache: {folder} holds other files: name an empty folder")
        mark.write_text("Signature: 8a477f597d28d172789f06886806bc55\n# Made by data.cache\n")
    except FileExistsError as error:
        raise ValueError(f"data.cache: {folder} is not a folder") from error
    except OSError as error:
        raise ValueError(f"data.cache: {folder}: {error.strerror}") from error


def _entries(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """Return the entries of a shard with their stat results, without any that vanish meanwhile."""
    found = []
    for path in folder.iterdir():
        if NAME.fullmatch(path.name):
            with suppress(OSError):
                found.append((path, path.stat()))
    return found
