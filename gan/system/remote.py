"""Paths of objects in stores, for use in place of file paths."""

import io
import os
import re
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.request import url2pathname

from gan.system import stores
from gan.system.stores import SCHEMES

if TYPE_CHECKING:
    _Path = Path
else:
    _Path = type(Path())

URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?P<slashes>/+|$)(?P<rest>.*)", re.DOTALL)
"""A URL, or a Path made from one. A scheme has two letters or more: a single one is a drive's."""
BLOCK = 2**16
"""Number of bytes that are read at once from a header."""
AHEAD, SMALL = 2**28, 2**22
"""Largest total of bytes that are read ahead, and largest size of one object among them."""
REQUESTS = 32
"""Number of objects that are read or written at the same time."""
MOST_BLOCKS = 8
"""Number of partial requests after which the whole object is read."""


def place(value: Any) -> Any:
    """Return a RemotePath for a URL, a path for file://, and any other value unchanged.

    A Path made from a URL has lost one slash ("s3:/bucket/name"); it is restored.
    """
    if not isinstance(value, str | Path) or isinstance(value, RemotePath):
        return value
    if match := URL.fullmatch(Path(value).as_posix() if isinstance(value, Path) else value):
        scheme, rest = match["scheme"].lower(), match["rest"].strip("/")
        if scheme == "file" and match["slashes"]:
            return Path(url2pathname("/" + match["rest"]))
        if scheme in SCHEMES and rest:
            return RemotePath(f"{scheme}:", *rest.split("/"))
    return value


def given_place(value: Any) -> Any:
    """Return place(value) for a user's value; ValueError if it is an unsupported URL."""
    match = URL.match(str(value)) if isinstance(value, str | Path) else None
    if match is None or isinstance(value, RemotePath) or Path(value).exists():
        return place(value)
    scheme, rest = match["scheme"].lower(), match["rest"].strip("/")
    url = f"{scheme}://{rest}"
    if scheme == "file":
        if match["slashes"] == "//":
            raise ValueError(f"{url}: expected file:///{rest}, with three slashes and no host")
    elif scheme not in SCHEMES and match["slashes"]:
        known = ", ".join(f"{name}://" for name in ("file", *SCHEMES) if name != "memory")
        raise ValueError(f"{url}: not supported; expected {known} or a path")
    elif scheme in SCHEMES and not rest:
        raise ValueError(f"{url}: incomplete URL; expected {SCHEMES[scheme].form}")
    elif scheme == "hf" and not re.match(r"datasets/[^/]+/[^/]", rest):
        raise ValueError(f"{url}: not supported for images; expected {SCHEMES[scheme].form}")
    return place(value)


def path_of(name: str) -> Path:
    """Return the path, of a file or an object, for a string that was made from a path."""
    path: Path = place(Path(name))
    return path


class RemotePath(_Path):
    """A URL as a path; reading it sends requests to the store.

    `size` (bytes, or None) and `tag` come from a listing, if there was one.
    """

    size: int | None = None
    tag: str = ""

    def joined(self, name: str, size: int, tag: str) -> "RemotePath":
        """Return the path of an object below this one, given its length in bytes and its tag."""
        path = self / name
        path.size, path.tag = size, tag
        return path

    def __str__(self) -> str:
        first, *rest = self.parts or ("",)
        if first.endswith(":") and first[:-1] in SCHEMES:
            return f"{first}//{'/'.join(rest)}"
        return "/".join(self.parts) or "."

    def __fspath__(self) -> str:
        return str(self)

    def as_posix(self) -> str:
        return str(self)

    def __reduce__(self) -> Any:
        return RemotePath, tuple(self.parts), {"size": self.size, "tag": self.tag}

    def resolve(self, strict: bool = False) -> "RemotePath":
        return self

    def absolute(self) -> "RemotePath":
        return self

    def is_absolute(self) -> bool:
        return True

    def is_symlink(self) -> bool:
        return False

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Return the type and length of an object; FileNotFoundError if it does not exist."""
        if self.size is None:
            found = stores.info(str(self))
            if found is None:
                raise FileNotFoundError(2, "no such object", str(self))
            kind = stat.S_IFDIR if found["type"] == "directory" else stat.S_IFREG
            return os.stat_result((kind | 0o600, 0, 0, 1, 0, 0, int(found["size"] or 0), 0, 0, 0))
        return os.stat_result((stat.S_IFREG | 0o600, 0, 0, 1, 0, 0, self.size, 0, 0, 0))

    def lstat(self) -> os.stat_result:
        return self.stat()

    def exists(self, *, follow_symlinks: bool = True) -> bool:
        return stores.info(str(self)) is not None

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        found = stores.info(str(self))
        return found is not None and found["type"] == "file"

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Return whether there are objects below this URL; stores have no empty folders."""
        found = stores.info(str(self))
        return found is not None and found["type"] == "directory"

    def iterdir(self) -> Iterator["RemotePath"]:  # type: ignore[override]
        raise NotImplementedError("stores are listed by gan.images.folder")

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """Do nothing: stores have no folders."""

    def unlink(self, missing_ok: bool = False) -> None:
        stores.remove(str(self))

    def replace(self, target: str | os.PathLike[str]) -> "RemotePath":
        """Move an object within its store."""
        stores.move(str(self), str(target))
        return cast(RemotePath, target)

    def put(self, data: bytes, *, replace: bool) -> None:
        """Write an object atomically; FileExistsError if it exists, unless `replace` is set."""
        stores.write(str(self), data, replace=replace)

    def open(self, mode: str = "r", *_: Any, **__: Any) -> Any:
        """Read an object into memory and return it as an open file; mode must be "rb"."""
        assert mode == "rb", "write objects with gan.system.atomic.write_whole"
        if (self.size or 0) > stores.MOST:
            raise ValueError(
                f"{(self.size or 0) / 1e9:.1f} GB exceed the limit for objects, "
                f"{stores.MOST / 1e9:.1f} GB"
            )
        return _Object(stores.read(str(self)), str(self))

    def open_header(self) -> BinaryIO:
        """Open an object to read a small part of it; parts are fetched on demand."""
        size = self.stat().st_size
        if size <= 2 * BLOCK:
            return cast(BinaryIO, self.open("rb"))
        return cast(BinaryIO, _Parts(str(self), size))

    def read_bytes(self) -> bytes:
        kept = _ahead.get(str(self))
        return stores.read(str(self)) if kept is None else kept

    def read_text(self, encoding: str | None = None, *_: Any, **__: Any) -> str:
        return self.read_bytes().decode(encoding or "utf-8")


_ahead: dict[str, bytes] = {}
"""Objects that were read ahead, by URL."""


def read_ahead(paths: Sequence[RemotePath]) -> None:
    """Read small objects for `read_bytes`, many at the same time.

    One by one, each would take the time of a request. Objects of an earlier call are dropped; at
    most AHEAD bytes are held.
    """
    _ahead.clear()
    with ThreadPoolExecutor(REQUESTS) as threads:
        held = 0
        for path, data in zip(paths, threads.map(_small, paths), strict=True):
            held += len(data or b"")
            if data is not None and held <= AHEAD:
                _ahead[str(path)] = data


def _small(path: RemotePath) -> bytes | None:
    """Return an object of at most SMALL bytes, or None; a reader of it reports errors."""
    try:
        return stores.read(str(path)) if (path.size or 0) <= SMALL else None
    except FileNotFoundError:
        return None


class _Object(io.BytesIO):
    """An object's bytes as an open file with a name."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


class _Parts(io.RawIOBase):
    """An object as an open file, fetched block by block on demand."""

    def __init__(self, url: str, size: int) -> None:
        self.name, self.size, self.at = url, size, 0
        self.blocks: dict[int, bytes] = {}
        self.requests = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self.at = max(0, (0, self.at, self.size)[whence] + offset)
        return self.at

    def readinto(self, buffer: Any) -> int:
        end = min(self.at + len(buffer), self.size)
        data = b"".join(
            self.block(number)
            for number in range(self.at // BLOCK, -(-end // BLOCK) if end > self.at else 0)
        )
        skip = self.at % BLOCK
        part = data[skip : skip + max(0, end - self.at)]
        buffer[: len(part)] = part
        self.at += len(part)
        return len(part)

    def readall(self) -> bytes:
        if self.size - self.at > 2 * BLOCK:
            self.requests = MOST_BLOCKS
        return self.read(self.size - self.at) or b""

    def block(self, number: int) -> bytes:
        """Return a block, fetched if needed; after MOST_BLOCKS requests fetch the whole object."""
        if number not in self.blocks:
            if self.requests >= MOST_BLOCKS:
                whole = stores.read(self.name)
                self.blocks = {
                    start // BLOCK: whole[start : start + BLOCK]
                    for start in range(0, len(whole), BLOCK)
                }
                return self.blocks.get(number, b"")
            self.requests += 1
            start = number * BLOCK
            self.blocks[number] = stores.read(self.name, start, min(start + BLOCK, self.size))
        return self.blocks[number]


def opened_for(path: Path, *, header: bool) -> BinaryIO:
    """Open a file or an object: to read its header only, or all of it."""
    if header and isinstance(path, RemotePath):
        return path.open_header()
    return path.open("rb")
