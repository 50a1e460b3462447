"""Index the images below a URL: list them once, and keep the list for later starts."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from gan.data.files import FileList
from gan.images import nothing_found
from gan.images.folder import Found, image_entries
from gan.system import stores
from gan.system.remote import RemotePath, path_of, place

if TYPE_CHECKING:
    from gan.data.folders import Folder

BEFORE = "could not be read before the run was resumed; other images replace it"


def listing_file(index: Path, root: Path) -> Path:
    """Return the path of a URL's list, beside the run's index."""
    return index.with_name(f"listing-{hashlib.sha256(str(root).encode()).hexdigest()[:8]}.npz")


def list_objects(root: RemotePath, max_images: int | None, known: Path | None = None) -> FileList:
    """Return the images below a URL, sorted by name.

    If `known`, the index of a run, has a list, that list is returned: a resumed run has the same
    images in the same order. Their root is the URL with its present revision. ValueError without
    images, StoreError if the store does not answer.
    """
    if known and (kept := FileList.load(listing_file(known, root), root, max_images)):
        return kept
    root = place(stores.pinned(str(root)))
    images, others = image_entries(root)
    if not images:
        found = Found([], [], [root / entry.name for entry in others])
        raise ValueError(nothing_found(root, found))
    return FileList.of_objects(root, images[:max_images])


def index_objects(
    root: RemotePath,
    *,
    max_images: int | None,
    min_side: int,
    known: Path | None = None,
    broken: Mapping[str, int] = MappingProxyType({}),
) -> "Folder":
    """Return the images below a URL as a Folder; errors as from list_objects.

    They are not decoded, since that would fetch all of them: training finds unreadable ones.
    `broken` holds, by name, those that were found before the run was resumed.
    """
    from gan.data.folders import Folder, fingerprint

    files = list_objects(root, max_images, known)
    lost = {name: size for name, size in broken.items() if path_of(name).is_relative_to(files.root)}
    lines = tuple(f"{name}: {BEFORE}" for name in lost)
    return Folder(root, files, lines, fingerprint(files), min_side, broken=lost, limit=max_images)
