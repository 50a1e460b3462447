"""Images in columns of Parquet files, the usual form of a dataset on the Hub.

Read with pyarrow. `datasets` requires pyarrow too, with pandas, dill and multiprocess;
before the first image it downloads all columns of a split and writes them again as Arrow files.
Here a start reads the footers alone, and only the chosen column is fetched, one row group when one
of its rows is first drawn. As the order of training is random, each row group is kept, once for all
processes and runs, as an Arrow file in the assets folder of huggingface_hub, and mapped: a worker
holds one image in memory.
"""

import os
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from gan.system.splits import chosen_files

if TYPE_CHECKING:
    from gan.system.hub import Hub, Place

ROW = re.compile(r"(?P<file>.*\.parquet)/(?P<row>\d+)\.png", re.IGNORECASE)
"""The name of a row's image. The suffix is that of its translation; the image may be any kind."""
BATCH = 16
"""Rows in memory while a row group is kept."""
BUFFER = 2**24
"""Bytes of a request."""
THREADS = 16
"""Footers that are read at once."""
ADVICE = "set HF_ASSETS_CACHE to use another folder"


def is_table(name: str) -> bool:
    """Return whether a file is one of Parquet, by its name."""
    return name.lower().endswith(".parquet")


def row_of(path: str) -> tuple[str, int] | None:
    """Return the file and the number of a row by its path; None for other files."""
    match = ROW.fullmatch(path)
    return (match["file"], int(match["row"])) if match else None


class Tables:
    """The Parquet files below a pinned place, or one of them."""

    def __init__(self, hub: "Hub", place: "Place") -> None:
        self.hub, self.place = hub, place

    def rows(
        self, files: Mapping[str, Mapping[str, Any]], card: Mapping[str, Any]
    ) -> dict[str, dict[str, Any]]:
        """Return all rows of the chosen split by name; ValueError if a choice is not there."""
        below = len(self.place.path) + 1 if self.place.path else 0
        there = {str(each["name"]): int(each["size"]) for each in files.values()}
        names = chosen_files(sorted(filter(is_table, there)), self.place.chosen, card)
        with ThreadPoolExecutor(THREADS) as threads:
            counts = list(
                threads.map(lambda name: self.of(name).footer(there[name]).num_rows, names)
            )
        self.of(names[0]).column()
        about = {"type": "file", "size": 0, "etag": self.place.revision[:8]}
        return {
            f"{name[below:]}/{row:0{len(str(count - 1))}d}.png": about
            for name, count in zip(names, counts, strict=True)
            for row in range(count)
        }

    def of(self, name: str) -> "Tables":
        """Return this for one file."""
        place = self.place
        return Tables(self.hub, type(place)(place.repo, place.revision, name, place.query))

    def folder(self) -> Path:
        """Return where this file's footer and row groups are kept."""
        from huggingface_hub import cached_assets_path

        from gan.system.stores import StoreError

        repo = f"datasets--{self.place.repo.replace('/', '--')}"
        place = os.environ.get("HF_ASSETS_CACHE")
        try:
            kept = cached_assets_path("gan", repo, self.place.revision, assets_dir=place)
        except (OSError, ValueError) as error:
            raise StoreError(f"{error}; {ADVICE}") from error
        return kept / quote(self.place.path, safe="")

    def footer(self, size: int | None = None) -> Any:
        """Return this file's metadata, read from its end once; `size` is the file's."""
        kept = self.folder() / "footer.parquet"
        if not kept.exists():
            parquet = _arrow("parquet")
            if size is None:
                name = self.place.path
                url = f"hf://datasets/{self.place.repo}@{self.place.revision}/{name}"
                size = int(self.hub.info(url)["size"])
            found = parquet.ParquetFile(self.source(size)).metadata
            _keep(kept, found.write_metadata_file)
        return _footer(kept)

    def source(self, size: int) -> Any:
        """Return this file for pyarrow, which reads parts of it."""
        return _arrow().PythonFile(_Ranges(self.hub, self.place, size), mode="r")

    def column(self) -> tuple[str, bool]:
        """Return the column's name, and whether it is a struct; ValueError if it is not there."""
        schema = self.footer().schema.to_arrow_schema()
        kinds = {field.name: _holds_images(field.type) for field in schema}
        images = [name for name, struct in kinds.items() if struct is not None]
        wanted = self.place.chosen.get("column")
        name = images[0] if wanted is None and len(images) == 1 else wanted
        struct = kinds.get(name) if name else None
        if name is None or struct is None:
            told = f"column {name}: " + ("holds no images" if name in kinds else "not there")
            others = ", ".join(name for name in kinds if name not in images)
            raise ValueError(
                f"{'add ?column=NAME' if name is None else told}; columns of images: "
                f"{', '.join(images) or 'none'}{f' (others: {others})' if others else ''}"
            )
        return name, struct

    def image(self, row: int) -> bytes:
        """Return the bytes of a row's image; its row group is fetched if it is not kept yet."""
        name, struct = self.column()
        footer = self.footer()
        group = 0
        while group < footer.num_row_groups and row >= footer.row_group(group).num_rows:
            row -= footer.row_group(group).num_rows
            group += 1
        kept = self.folder() / f"{quote(name, safe='')}-{group}.arrow"
        if not kept.exists():
            self.fetch(kept, name, struct, group)
        arrow = _arrow()
        with arrow.memory_map(str(kept)) as file:
            reader = _arrow("ipc").open_file(file)
            for number in range(reader.num_record_batches):
                batch = reader.get_batch(number)
                if row < batch.num_rows:
                    if (found := batch.column(0)[row].as_buffer()) is None:
                        raise ValueError(f"the row has no image in column {name}")
                    return bytes(found.to_pybytes())
                row -= batch.num_rows
        raise FileNotFoundError(str(kept))

    def fetch(self, kept: Path, name: str, struct: bool, group: int) -> None:
        """Keep a row group's images; several processes that need it fetch it once."""
        arrow, footer = _arrow(), self.footer()
        chunks = [
            footer.row_group(at).column(number)
            for at in range(footer.num_row_groups)
            for number in range(footer.num_columns)
        ]
        end = max(each.data_page_offset + each.total_compressed_size for each in chunks)

        def write(file: Any) -> None:
            table = _arrow("parquet").ParquetFile(
                self.source(end), metadata=footer, buffer_size=BUFFER
            )
            schema = arrow.schema([("bytes", arrow.large_binary())])
            with _arrow("ipc").new_file(file, schema) as writer:
                for batch in table.iter_batches(
                    BATCH, [group], [f"{name}.bytes" if struct else name], use_threads=False
                ):
                    column = batch.column(0).field("bytes") if struct else batch.column(0)
                    writer.write_batch(
                        arrow.record_batch([column.cast(arrow.large_binary())], schema=schema)
                    )

        _keep(kept, write)


class _Ranges:
    """A file of the Hub as pyarrow reads it: each read is one request."""

    def __init__(self, hub: "Hub", place: "Place", size: int) -> None:
        self.hub, self.place, self.size, self.at, self.closed = hub, place, size, 0, False

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = (0, self.at, self.size)[whence] + offset
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, count: int = -1) -> bytes:
        end = self.size if count < 0 else min(self.at + count, self.size)
        data = self.hub.read(self.place, self.at, end) if end > self.at else b""
        self.at += len(data)
        return data

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


def _holds_images(kind: Any) -> bool | None:
    """Return whether a column that may hold images is a struct with bytes; None if it holds none.

    Images are a struct of bytes and a path, as `datasets` writes them, or bytes alone.
    """
    types = _arrow("types")
    if types.is_struct(kind):
        at = kind.get_field_index("bytes")
        return True if at >= 0 and _holds_images(kind.field(at).type) is False else None
    return False if types.is_binary(kind) or types.is_large_binary(kind) else None


def _arrow(part: str = "") -> Any:
    """Return pyarrow or a module of it; ValueError if it is not installed."""
    from importlib import import_module

    try:
        return import_module(f"pyarrow.{part}" if part else "pyarrow")
    except ImportError as error:
        raise ValueError(
            "columns of Parquet files need the package pyarrow: pip install 'gan-translation[hub]'"
        ) from error


@lru_cache(maxsize=64)
def _footer(kept: Path) -> Any:
    """Return the metadata of a kept footer."""
    return _arrow("parquet").read_metadata(str(kept))


def _keep(path: Path, save: Callable[[BinaryIO], object]) -> None:
    """Write a file of the assets folder, whole, unless another process has written it meanwhile.

    StoreError, with the folder, if the disk cannot be written.
    """
    from filelock import FileLock

    from gan.system.stores import StoreError

    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not path.exists():
                with part.open("wb") as file:
                    save(file)
                part.replace(path)
    except OSError as error:
        if error.errno is None or isinstance(error, FileNotFoundError):  # an answer of the Hub
            raise
        raise StoreError(f"{path.parent}: {error.strerror}; {ADVICE}") from error
