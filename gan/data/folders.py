"""What is in a folder of images: every file decoded once, the unreadable ones named."""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from gan.config import DataConfig
from gan.config.choices import MIN_SIDE, Range
from gan.data.cache import SETTLED
from gan.domains import DOMAINS, Domain
from gan.images import ImageError, find_images, nothing_found, read_pixels, read_size, skipped_lines
from gan.system.atomic import write_whole


@dataclass(frozen=True)
class Folder:
    """The readable images of a folder, sorted by name; the unreadable ones with their reasons."""

    root: Path
    files: tuple[Path, ...]
    unreadable: tuple[str, ...]
    fingerprint: str
    """Changes when a file is added, removed, renamed or changes its length."""
    min_side: int
    """Pixels that a side has at least."""
    values: Range | None = None
    """The range of the files' numbers, where one is named."""


def index_folders(
    data: DataConfig, domains: Sequence[Domain] = DOMAINS, known: Path | None = None
) -> dict[Domain, Folder]:
    """Index the training folders of these domains; ValueError as from index_folder.

    known is a file of `write_index`: what it holds unchanged is not decoded again.
    """
    stamps = _read_index(known)
    # Images that are resized need a least side, too: thinner ones would be scaled without measure.
    return {
        domain: index_folder(
            data.train_folder(domain),
            max_images=data.max_images,
            max_unreadable=data.max_unreadable,
            min_side=data.crop_size if data.resize == "none" else MIN_SIDE,
            known=stamps,
            values=data.values(domain),
        )
        for domain in domains
    }


def index_folder(
    root: Path,
    *,
    max_images: int | None,
    max_unreadable: float,
    min_side: int = 1,
    known: Mapping[str, Sequence[float]] = MappingProxyType({}),
    values: Range | None = None,
) -> Folder:
    """List and decode the images under root, sub-folders included, but for those that are known.

    Images with a side under min_side pixels count as unreadable, and so do links that leave the
    folder, unless max_images leaves out more. ValueError, with the first reasons, when no image is
    left or when more than the share max_unreadable of the files is unreadable.
    """

    def problem(path: Path) -> str | None:
        same = known.get(str(path)) == _stamp(path, min_side, values)
        return None if same else unreadable(path, min_side, values)

    listed = find_images(root)
    found = listed.images[:max_images]
    if not found:
        raise ValueError(nothing_found(root, listed))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        reasons = list(threads.map(problem, found))
    files = tuple(path for path, reason in zip(found, reasons, strict=True) if reason is None)
    bad = [reason for reason in reasons if reason is not None]
    links = len(listed.skipped) if len(found) == len(listed.images) else 0
    lost, count = len(bad) + links, len(found) + links
    bad += skipped_lines(root, listed.skipped)
    if not files or lost > max_unreadable * count:
        named = "; ".join(bad[:5]) + ("; ..." if len(bad) > 5 else "")
        raise ValueError(
            f"{root}: {lost} of {count} images cannot be used "
            f"(data.max_unreadable is {max_unreadable}): {named}"
        )
    return Folder(root, files, tuple(bad), fingerprint(root, files), min_side, values)


def write_index(path: Path, folders: Iterable[Folder]) -> None:
    """Write which files were read well, with their lengths and times, for a later start."""
    stamps = {
        str(file): _stamp(file, folder.min_side, folder.values)
        for folder in folders
        for file in folder.files
    }
    text = json.dumps({"read": stamps, "at": time.time_ns()})
    write_whole(path, lambda file: file.write(text.encode("utf-8", "surrogateescape")))


def _read_index(path: Path | None) -> dict[str, list[float]]:
    """Return the stamps of an index; {} without one, and for a damaged one.

    A file that changed within SETTLED of being read may change once more within the same tick.
    """
    try:
        index = json.loads(path.read_bytes().decode("utf-8", "surrogateescape")) if path else {}
        latest = index.get("at", 0) - SETTLED
        return {name: stamp for name, stamp in index.get("read", {}).items() if stamp[1] < latest}
    except (OSError, ValueError, TypeError, AttributeError, IndexError):
        return {}


def _stamp(path: Path, min_side: int, values: Range | None) -> list[float]:
    """Return what tells that a file is the one that was read."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, min_side, *(values or ())]


def unreadable(path: Path, min_side: int, values: Range | None = None) -> str | None:
    """Why an image cannot be used, or None; JPEGs are decoded small, but to their end."""
    try:
        size = read_size(path)
        if min(size) < min_side:
            return f"{path}: {size[0]}x{size[1]} pixels, smaller than {min_side}"
        read_pixels(path, draft_size=1, values=values)
    except ImageError as error:
        return str(error)
    return None


def fingerprint(root: Path, files: Sequence[Path]) -> str:
    """A hash of the files' names below root and their lengths in bytes."""
    lines = (f"{path.relative_to(root).as_posix()}\t{path.stat().st_size}\n" for path in files)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def classes_of(root: Path, files: Sequence[Path]) -> tuple[list[str], list[int]]:
    """Return the classes, sorted by name, and the number among them of each file below root.

    A file's class is the first folder on the path to it. ValueError where a file lies in no class
    folder, or all lie in one.
    """
    places = [path.relative_to(root).parts for path in files]
    for path, parts in zip(files, places, strict=True):
        if len(parts) < 2:
            raise ValueError(f"{path}: lies in no class folder ({root}/CLASS/... is wanted)")
    names = sorted({parts[0] for parts in places})
    if len(names) < 2:
        raise ValueError(f"{root}: a classifier needs two class folders or more, not only {names}")
    numbers = {name: number for number, name in enumerate(names)}
    return names, [numbers[parts[0]] for parts in places]
