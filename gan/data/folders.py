"""Index a folder of images: decode every file once, and report unreadable files."""

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from gan.config import DataConfig
from gan.config.choices import Range
from gan.data.cache import SETTLED
from gan.data.crops import least_side
from gan.data.files import FileList
from gan.data.objects import index_objects, listing_file
from gan.domains import DOMAINS, Domain
from gan.images import (
    ImageError,
    find_images,
    has_pages,
    made_by_model,
    nothing_found,
    read_pixels,
    read_size,
    skipped_lines,
)
from gan.images.marks import ADVICE
from gan.system.atomic import write_whole
from gan.system.remote import RemotePath, path_of

FAINT = 2**14 - 1
"""Largest value in a 16-bit file that uses at most 14 bits, so that it looks almost black."""
DARK = "values use less than a quarter of the 16-bit range; `gan inspect` proposes a range"
MANY = 10_000
"""Number of lines that are hashed at once."""
STACKED = (".tif", ".tiff", ".gif", ".webp")
"""Suffixes of files that may have several pages or frames."""


@dataclass(frozen=True)
class Folder:
    """The images of a folder that can be used, sorted by name, and why others cannot."""

    root: Path
    files: FileList
    unreadable: tuple[str, ...]
    """Lines that name the files that cannot be used, with the reasons."""
    fingerprint: str
    """Changes when a file is added, removed, renamed or changes its length."""
    min_side: int
    """The least width and height that were required, in pixels."""
    values: Range | None = None
    """The range of the files' numbers, if one is set."""
    broken: Mapping[str, int] = field(default_factory=dict)
    """Files that became unreadable during training, with their original lengths in bytes."""
    paged: tuple[Path, ...] = ()
    """Files with several pages or frames among those decoded now; the first page is used."""
    remarks: Mapping[str, int] = field(default_factory=dict)
    """Remarks about files that were decoded now, each with the number of files."""
    limit: int | None = None
    """The most images to take below a URL (data.max_images)."""


def index_folders(
    data: DataConfig, domains: Sequence[Domain] = DOMAINS, known: Path | None = None
) -> dict[Domain, Folder]:
    """Index the training folders of these domains; ValueError as from index_folder.

    `known` is a file written by `write_index`: its images are not decoded again unless they
    changed, and URLs are not listed again.
    """
    stamps, broken = _read_index(known)
    folders: dict[Domain, Folder] = {}
    for domain in domains:
        root = data.train_folder(domain)
        if isinstance(root, RemotePath):
            folders[domain] = index_objects(
                root,
                max_images=data.max_images,
                min_side=least_side(data),
                known=known,
                broken=broken,
            )
            continue
        folders[domain] = index_folder(
            root,
            max_images=data.max_images,
            max_unreadable=data.max_unreadable,
            min_side=least_side(data),
            known=stamps,
            values=data.values(domain),
            broken=broken,
        )
    return folders


def index_folder(
    root: Path,
    *,
    max_images: int | None,
    max_unreadable: float,
    min_side: int = 1,
    known: Mapping[str, Sequence[float]] = MappingProxyType({}),
    values: Range | None = None,
    broken: Mapping[str, int] = MappingProxyType({}),
) -> Folder:
    """List the images under root and its sub-folders, and decode those that are not in `known`.

    `known` holds the stamps of files that were read before, by path. `broken` holds the original
    lengths of files that became unreadable in training; these stay in the list. A URL is listed
    only.

    Images with a side under min_side pixels count as unreadable. So do links that lead out of the
    folder, unless max_images cuts the list. ValueError, with the first reasons, if no image can be
    used or if more than max_unreadable (a share, 0 to 1) of the files are unreadable.
    """
    if isinstance(root, RemotePath):
        return index_objects(root, max_images=max_images, min_side=min_side)
    remarks: list[str] = []

    def problem(path: Path) -> str | None:
        with suppress(OSError):  # it may not exist any more
            if known.get(str(path)) == _stamp(path, min_side, values):
                return None
        return unreadable(path, min_side, values, remarks.append)

    listed = find_images(root)
    lost = {name: length for name, length in broken.items() if Path(name).is_relative_to(root)}
    images = {*listed.images, *map(Path, lost)}
    found = sorted(images, key=lambda path: path.relative_to(root).as_posix())[:max_images]
    if not found:
        raise ValueError(nothing_found(root, listed))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        reasons = list(threads.map(problem, found))
    judged = zip(found, reasons, strict=True)
    files = tuple(path for path, reason in judged if reason is None or str(path) in lost)
    bad = [reason for reason in reasons if reason is not None]
    links = len(listed.skipped) if len(found) == len(listed.images) else 0
    unusable, count = len(bad) + links, len(found) + links
    bad += skipped_lines(root, listed.skipped)
    if not files or unusable > max_unreadable * count:
        named = "; ".join(bad[:5]) + ("; ..." if len(bad) > 5 else "")
        raise ValueError(
            f"{root}: {unusable} of {count} images cannot be used "
            f"(data.max_unreadable is {max_unreadable}): {named}"
        )
    listed_files = FileList.of(root, files)
    mark = fingerprint(listed_files, lost)
    paged = _paged(path for path in files if str(path) not in known)
    counts = Counter(remarks)
    if 2 * counts[DARK] < len(files):  # some dark pictures are normal
        del counts[DARK]
    return Folder(root, listed_files, tuple(bad), mark, min_side, values, lost, paged, dict(counts))


def _paged(files: Iterable[Path]) -> tuple[Path, ...]:
    """Return those files that have several pages or frames."""
    stacks = [path for path in files if path.suffix.lower() in STACKED]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        several = threads.map(_has_pages, stacks)
        return tuple(path for path, more in zip(stacks, several, strict=True) if more)


def _has_pages(path: Path) -> bool:
    """Return whether a file has several pages or frames; False if it is no longer readable."""
    with suppress(ImageError):
        return has_pages(path)
    return False


def write_index(path: Path, folders: Iterable[Folder]) -> None:
    """Write the readable files with their lengths and times, so a restart need not decode them.

    For a URL, the list of its objects is written once, to a file beside the index.
    """
    stamps: dict[str, list[float]] = {}
    broken: dict[str, int] = {}
    for folder in folders:
        broken |= folder.broken
        if isinstance(folder.root, RemotePath):
            if not (listing := listing_file(path, folder.root)).exists():
                folder.files.save(listing, folder.limit, folder.root)
            continue
        for file in folder.files:
            if str(file) not in broken:
                stamps[str(file)] = _stamp(file, folder.min_side, folder.values)
    _write_index(path, {"read": stamps, "at": time.time_ns(), "broken": broken})


def mark_broken(path: Path, names: Iterable[str]) -> None:
    """Mark files of the index `path` as broken, so that a restart keeps their places."""
    with suppress(OSError, ValueError):  # the index was removed or damaged
        index = json.loads(path.read_bytes().decode("utf-8", "surrogateescape"))
        for name in names:
            if isinstance(path_of(name), RemotePath):
                index["broken"][name] = 0
            elif stamp := index["read"].pop(name, None):
                index["broken"][name] = stamp[0]
        _write_index(path, index)


def _write_index(path: Path, index: Mapping[str, Any]) -> None:
    text = json.dumps(index)
    write_whole(path, lambda file: file.write(text.encode("utf-8", "surrogateescape")))


def _read_index(path: Path | None) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Return an index's stamps by file, and its broken files with their lengths.

    Both are empty if the index is missing or damaged. Stamps of files that changed less than
    SETTLED before the index was written are dropped: a later change might not alter their times.
    """
    try:
        index = json.loads(path.read_bytes().decode("utf-8", "surrogateescape")) if path else {}
        latest = index.get("at", 0) - SETTLED
        read = {name: stamp for name, stamp in index.get("read", {}).items() if stamp[1] < latest}
        return read, {str(name): int(size) for name, size in index.get("broken", {}).items()}
    except (OSError, ValueError, TypeError, AttributeError, IndexError):
        return {}, {}


def _stamp(path: Path, min_side: int, values: Range | None) -> list[float]:
    """Return a file's length and time and the settings of its check, to detect changes."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, min_side, *(values or ())]


def unreadable(
    path: Path,
    min_side: int,
    values: Range | None = None,
    remark: Callable[[str], None] = lambda text: None,
) -> str | None:
    """Return why an image cannot be used, in one line with its path, or None if it can.

    The file is decoded completely, a JPEG at reduced size. `remark` is called with each remark
    about a readable image.
    """
    try:
        size = read_size(path)
        if min(size) < min_side:
            return f"{path}: {size[0]}x{size[1]} pixels, smaller than {min_side}"
        pixels = read_pixels(path, draft_size=1, values=values, remark=remark)
        if values is None and pixels.dtype == np.uint16 and pixels.max() <= FAINT:
            remark(DARK)
        if made_by_model(path):
            remark(ADVICE)
    except ImageError as error:
        return str(error)
    return None


def fingerprint(files: FileList, lengths: Mapping[str, int] = MappingProxyType({})) -> str:
    """Return a hash of the files' names below their root and their lengths in bytes.

    `lengths` overrides the lengths of some files, by path.
    """
    below = {
        Path(name).relative_to(files.root).as_posix(): length for name, length in lengths.items()
    }
    whole = hashlib.sha256()
    lines = (f"{name}\t{size}\n" for name, size in files.lengths(below))
    while text := "".join(islice(lines, MANY)):
        whole.update(text.encode("utf-8", "surrogateescape"))
    return whole.hexdigest()[:16]


def classes_of(root: Path, files: Sequence[Path]) -> tuple[list[str], list[int]]:
    """Return the class names, sorted, and the class number of each file below root.

    A file's class is the first folder below root on its path. ValueError if a file is directly in
    root, or if there is only one class.
    """
    places = [path.relative_to(root).parts for path in files]
    for path, parts in zip(files, places, strict=True):
        if len(parts) < 2:
            raise ValueError(f"{path}: not in a class folder; expected {root}/CLASS/...")
    names = sorted({parts[0] for parts in places})
    if len(names) < 2:
        raise ValueError(f"{root}: a classifier requires at least two class folders, not {names}")
    numbers = {name: number for number, name in enumerate(names)}
    return names, [numbers[parts[0]] for parts in places]
