"""Lists of files in a few arrays, instead of one Python object for each of a million names.

Loader workers hold such lists: Python objects would be copied into each worker.
"""

import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Self, overload

import numpy as np
from numpy.typing import NDArray

from gan.system.atomic import write_whole
from gan.system.remote import RemotePath, place
from gan.system.stores import Entry

VERSION = 1
PIECE = 2**14
"""Number of strings that are decoded at once."""


class Texts(Sequence[str]):
    """Strings, stored as one array of bytes and an array of their ends."""

    def __init__(self, data: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        self.data, self.ends = data, ends

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Return the strings as Texts; file names may hold any bytes."""
        data, ends = bytearray(), []
        for text in texts:
            data += text.encode("utf-8", "surrogateescape")
            ends.append(len(data))
        return cls(np.frombuffer(bytes(data), np.uint8), np.array(ends, np.int64))

    def __len__(self) -> int:
        return len(self.ends)

    def __iter__(self) -> Iterator[str]:
        """Yield all strings. They are decoded PIECE at a time, ten times as fast as one by one."""
        for first in range(0, len(self), PIECE):
            start = int(self.ends[first - 1]) if first else 0
            ends = self.ends[first : first + PIECE] - start
            data = self.data[start : start + int(ends[-1])].tobytes()
            before = 0
            for end in ends.tolist():
                yield data[before:end].decode("utf-8", "surrogateescape")
                before = end

    def __getitem__(self, at: Any) -> Any:
        """Return one string; negative indices count from the end."""
        at = range(len(self))[at]
        start = int(self.ends[at - 1]) if at else 0
        return self.data[start : int(self.ends[at])].tobytes().decode("utf-8", "surrogateescape")


class FileList(Sequence[Path]):
    """The files of a folder or below a URL, in order. Path objects are created on access."""

    def __init__(
        self,
        root: Path,
        names: Texts,
        sizes: NDArray[np.int64] | None = None,
        tags: Texts | None = None,
    ) -> None:
        self.root, self.names = root, names
        self.sizes, self.tags = sizes, tags

    @classmethod
    def of(cls, root: Path, files: Iterable[Path]) -> Self:
        """Return a list of files below root; objects keep the lengths and tags of their listing."""
        if isinstance(root, RemotePath):
            objects = [path for path in files if isinstance(path, RemotePath)]
            return cls.of_objects(
                root,
                [Entry(str(each.relative_to(root)), each.size or 0, each.tag) for each in objects],
            )
        return cls(root, Texts.of(path.relative_to(root).as_posix() for path in files))

    @classmethod
    def of_objects(cls, root: RemotePath, entries: Sequence[Entry]) -> Self:
        """Return a list of the objects below root."""
        sizes = np.array([entry.size for entry in entries], np.int64)
        return cls(
            root,
            Texts.of(entry.name for entry in entries),
            sizes,
            Texts.of(entry.tag for entry in entries),
        )

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, at: int) -> Path: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Path, ...]: ...

    def __getitem__(self, at: int | slice) -> Path | tuple[Path, ...]:
        if isinstance(at, slice):
            return tuple(self[each] for each in range(len(self))[at])
        name: str = self.names[at]
        if isinstance(self.root, RemotePath) and self.sizes is not None and self.tags is not None:
            return self.root.joined(name, int(self.sizes[at]), self.tags[at])
        return self.root / name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def lengths(self, known: Mapping[str, int]) -> Iterator[tuple[str, int]]:
        """Yield each file's name below the root and its length in bytes.

        `known` has lengths by name, for files that may no longer exist.
        """
        if self.sizes is None:
            for name in self.names:
                yield name, known.get(name) or os.stat(os.path.join(self.root, name)).st_size
        else:
            for name, size in zip(self.names, self.sizes.tolist(), strict=True):
                yield name, size

    def save(self, path: Path, limit: int | None, asked: Path | None = None) -> None:
        """Write a list of objects, and `limit`, the largest number that was taken.

        `asked` is the URL that was listed, if root is that of its present revision.
        """
        assert self.sizes is not None
        assert self.tags is not None
        arrays = {
            "about": np.array([VERSION, limit or 0], np.int64),
            "root": np.frombuffer(str(self.root).encode(), np.uint8),
            "asked": np.frombuffer(str(asked or self.root).encode(), np.uint8),
            "names": self.names.data,
            "name_ends": self.names.ends,
            "sizes": self.sizes,
            "tags": self.tags.data,
            "tag_ends": self.tags.ends,
        }

        def write(file: BinaryIO) -> None:
            whole = io.BytesIO()
            np.savez(whole, **arrays)  # type: ignore[arg-type]
            file.write(whole.getbuffer())

        write_whole(path, write)

    @classmethod
    def load(cls, path: Path, root: RemotePath, limit: int | None) -> Self | None:
        """Return the list that `save` wrote for this root and limit; None without a valid file."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                found = {name: arrays[name] for name in arrays.files}
            asked = found.get("asked", found["root"])  # lists of older versions have no "asked"
            about = found["about"].tolist(), asked.tobytes().decode()
            if about != ([VERSION, limit or 0], str(root)):
                return None
            names = Texts(found["names"], found["name_ends"])
            tags = Texts(found["tags"], found["tag_ends"])
            return cls(place(found["root"].tobytes().decode()), names, found["sizes"], tags)
        # A damaged file: zip and numpy raise many kinds of errors.
        except Exception:
            return None
