"""What is in a folder of images: every file decoded once, the unreadable ones named."""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gan.config import DataConfig
from gan.config.choices import MIN_SIDE
from gan.domains import DOMAINS, Domain
from gan.images import ImageError, list_images, read_image, read_size


@dataclass(frozen=True)
class Folder:
    """The readable images of a folder, sorted by name; the unreadable ones with their reasons."""

    root: Path
    files: tuple[Path, ...]
    unreadable: tuple[str, ...]
    fingerprint: str
    """Changes when a file is added, removed, renamed or changes its length."""


def index_folders(data: DataConfig, domains: Sequence[Domain] = DOMAINS) -> dict[Domain, Folder]:
    """Index the training folders of these domains; ValueError as from index_folder."""
    # Images that are resized need a least side, too: thinner ones would be scaled without measure.
    return {
        domain: index_folder(
            data.train_folder(domain),
            max_images=data.max_images,
            max_unreadable=data.max_unreadable,
            min_side=data.crop_size if data.resize == "none" else MIN_SIDE,
        )
        for domain in domains
    }


def index_folder(
    root: Path, *, max_images: int | None, max_unreadable: float, min_side: int = 1
) -> Folder:
    """List and decode the images under root, sub-folders included.

    Images with a side under min_side pixels count as unreadable. ValueError, with the first
    reasons, when no image is left or when more than the share max_unreadable of the files is
    unreadable.
    """
    found = list_images(root)[:max_images]
    if not found:
        raise ValueError(
            f"{root}: no images in this folder or below it (links that leave it are not followed)"
        )
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        reasons = list(threads.map(lambda path: unreadable(path, min_side), found))
    files = tuple(path for path, reason in zip(found, reasons, strict=True) if reason is None)
    bad = tuple(reason for reason in reasons if reason is not None)
    if not files or len(bad) > max_unreadable * len(found):
        listed = "; ".join(bad[:5]) + ("; ..." if len(bad) > 5 else "")
        raise ValueError(
            f"{root}: {len(bad)} of {len(found)} images cannot be used "
            f"(data.max_unreadable is {max_unreadable}): {listed}"
        )
    return Folder(root, files, bad, fingerprint(root, files))


def unreadable(path: Path, min_side: int) -> str | None:
    """Why an image cannot be used, or None; JPEGs are decoded small, but to their end."""
    try:
        size = read_size(path)
        if min(size) < min_side:
            return f"{path}: {size[0]}x{size[1]} pixels, smaller than {min_side}"
        read_image(path, draft_size=1)
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
