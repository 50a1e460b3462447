"""The images of a folder, in an order that is the same on every machine."""

import os
from dataclasses import dataclass
from pathlib import Path

from gan.images.formats import IMAGE_SUFFIXES


def list_images(folder: Path) -> list[Path]:
    """The image files in a folder and its sub-folders, sorted by relative POSIX path.

    Known by suffix (IMAGE_SUFFIXES, in either case). Hidden files and folders are left out, and so
    are links to files outside the folder. Links to folders are never followed: inside the folder
    their images are listed where they lie. ValueError names a folder that is missing, not a folder
    or not readable.
    """
    return find_images(folder).images


@dataclass(frozen=True)
class Found:
    """What is in a folder."""

    images: list[Path]
    """As list_images returns them."""
    skipped: list[tuple[Path, str]]
    """What has an image's name but is not taken, with the reason."""
    others: list[Path]
    """Files with other suffixes, without hidden ones; whatever they are, none is opened."""


def find_images(folder: Path) -> Found:
    """What list_images returns, and what it leaves out."""
    if not folder.is_dir():
        raise ValueError(f"{folder}: {'not a folder' if folder.exists() else 'no such folder'}")
    root, found = folder.resolve(), Found([], [], [])
    for parent, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(parent, name)
            if name.startswith("."):
                continue
            if path.suffix.lower() not in IMAGE_SUFFIXES:
                found.others.append(path)
            elif reason := _not_taken(path, root):
                found.skipped.append((path, reason))
            else:
                found.images.append(path)
    found.images.sort(key=lambda path: path.relative_to(folder).as_posix())
    return found


def _not_taken(path: Path, root: Path) -> str | None:
    """Return why a file is skipped, or None."""
    # A pipe would block its reader for ever, and a link may lead to itself: both are no files.
    if not path.is_file():
        return "a link to nothing" if path.is_symlink() else "not a regular file"
    if path.is_symlink() and not path.resolve().is_relative_to(root):
        return "a link to a file outside the folder, which is not followed"
    return None


def _raise(error: OSError) -> None:
    """os.walk would leave out a folder that it cannot read, and say nothing."""
    raise ValueError(f"{error.filename}: {error.strerror}") from error
