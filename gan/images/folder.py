"""The images of a folder, in an order that is the same on every machine."""

import os
from pathlib import Path

from gan.images.formats import IMAGE_SUFFIXES


def list_images(folder: Path) -> list[Path]:
    """The image files in a folder and its sub-folders, sorted by relative POSIX path.

    Known by suffix (IMAGE_SUFFIXES, in either case). Hidden files and folders are left out, and so
    are links to files outside the folder. Links to folders are never followed: inside the folder
    their images are listed where they lie. ValueError names a folder that is missing, not a folder
    or not readable.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: {'not a folder' if folder.exists() else 'no such folder'}")
    root = folder.resolve()
    found: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [path for name in names if _is_image(path := Path(parent, name), root)]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _is_image(path: Path, root: Path) -> bool:
    if path.name.startswith(".") or path.suffix.lower() not in IMAGE_SUFFIXES:
        return False
    # A pipe would block its reader for ever, and a link may lead to itself: both are no files.
    if not path.is_file():
        return False
    return not path.is_symlink() or path.resolve().is_relative_to(root)


def _refuse(error: OSError) -> None:
    """os.walk would leave out a folder that it cannot read, and say nothing."""
    raise ValueError(f"{error.filename}: {error.strerror}") from error
