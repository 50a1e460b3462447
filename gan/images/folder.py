"""List the images of a folder, in the same order on every machine."""

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gan.images.formats import IMAGE_SUFFIXES
from gan.system.remote import RemotePath
from gan.system.stores import Entry, listing

KINDS = 5
"""Largest number of suffixes of other files that an error names."""
NAMED = 3
"""Largest number of files that a line about skipped files names."""
KNOWN = ".jpg, .png, .tif, .webp"
"""Image suffixes that an error names."""
OUTSIDE = "a link to a {} outside the folder, which is not followed"


def list_images(folder: Path) -> list[Path]:
    """Return the image files in a folder and its sub-folders, sorted by relative POSIX path.

    Images are recognized by suffix (IMAGE_SUFFIXES, in upper or lower case). Hidden files and
    folders are skipped, and so are links that lead out of the folder. Links to folders are not
    followed, so no listed path leads through one. ValueError if the folder does not exist, is a
    file or cannot be read.
    """
    return find_images(folder).images


@dataclass(frozen=True)
class Found:
    """The files of a folder: images, skipped and others."""

    images: list[Path]
    """The paths that list_images returns."""
    skipped: list[tuple[Path, str]]
    """(path, reason) of skipped files with an image's suffix, and of skipped links to folders."""
    others: list[Path]
    """Files with other suffixes, except hidden ones."""


def find_images(folder: Path) -> Found:
    """Return the images of a folder as list_images does, and its other files.

    ValueError as from list_images.
    """
    if isinstance(folder, RemotePath):
        return _find_objects(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder}: {'not a folder' if folder.exists() else 'no such folder'}")
    root, found = folder.resolve(), Found([], [], [])
    for parent, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in folders:
            path = Path(parent, name)
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                found.skipped.append((path, OUTSIDE.format("folder")))
        for name in names:
            path = Path(parent, name)
            if name.startswith("."):
                continue
            if path.suffix.lower() not in IMAGE_SUFFIXES:
                found.others.append(path)
            elif reason := reason_not_taken(path, root):
                found.skipped.append((path, reason))
            else:
                found.images.append(path)
    found.images.sort(key=lambda path: path.relative_to(folder).as_posix())
    found.skipped.sort()
    return found


def image_entries(folder: RemotePath) -> tuple[list[Entry], list[Entry]]:
    """Return the images and the other objects below a URL, sorted by name, without hidden ones.

    ValueError, with the URL, if it cannot be listed.
    """
    images: list[Entry] = []
    others: list[Entry] = []
    for entry in listing(str(folder)):
        if any(part.startswith(".") for part in entry.name.split("/")):
            continue
        suffix = os.path.splitext(entry.name)[1].lower()
        (images if suffix in IMAGE_SUFFIXES else others).append(entry)
    return sorted(images), sorted(others)


def _find_objects(folder: RemotePath) -> Found:
    """Return the images below a URL, and the other objects."""
    images, others = image_entries(folder)
    if not images and not others:
        raise ValueError(f"{folder}: does not exist or is empty: check the URL")
    return Found(
        [folder.joined(*entry) for entry in images], [], [folder.joined(*entry) for entry in others]
    )


def nothing_found(folder: Path, found: Found) -> str:
    """Return the error message for a folder without images: its contents, and images' suffixes."""
    kinds = Counter(path.suffix.lower() or "no suffix" for path in found.others)
    most = ", ".join(sorted(kinds, key=lambda kind: (-kinds[kind], kind))[:KINDS])
    there = [f"{len(found.others)} files of other kinds ({most})"] if kinds else []
    reasons = Counter(reason for _, reason in found.skipped)
    there += [f"{count} skipped ({reason})" for reason, count in reasons.items()]
    listed = f": {', '.join(there)}; images end in {KNOWN} and so on" if there else ""
    return f"{folder}: no images in this folder or below it{listed}"


def skipped_lines(folder: Path, skipped: Sequence[tuple[Path, str]]) -> list[str]:
    """Return a line for each reason in `skipped`, pairs (path, reason), with some file names."""
    paths = defaultdict[str, list[Path]](list)
    for path, reason in skipped:
        paths[reason].append(path)
    lines = []
    for reason, all_of_it in paths.items():
        names = ", ".join(str(path.relative_to(folder)) for path in all_of_it[:NAMED])
        more = f" and {len(all_of_it) - NAMED} more" if len(all_of_it) > NAMED else ""
        lines.append(f"{folder}: {names}{more}: {reason}")
    return lines


def reason_not_taken(path: Path, root: Path) -> str | None:
    """Return why a file with an image's suffix is skipped, or None if it is used."""
    # Opening a pipe would block forever, and a link may lead to itself: is_file rejects both.
    if not path.is_file():
        return "a link to nothing" if path.is_symlink() else "not a regular file"
    if path.is_symlink() and not path.resolve().is_relative_to(root):
        return OUTSIDE.format("file")
    return None


def _raise(error: OSError) -> None:
    """Raise ValueError for an unreadable folder, which os.walk would skip silently."""
    raise ValueError(f"{error.filename}: {error.strerror}") from error
