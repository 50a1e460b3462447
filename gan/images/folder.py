"""The images of a folder, in an order that is the same on every machine."""

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gan.images.formats import IMAGE_SUFFIXES

KINDS = 5
"""How many suffixes of other files an error names."""
NAMED = 3
"""How many files a line about many of them names."""
KNOWN = ".jpg, .png, .tif, .webp"
"""Suffixes that an error names."""
OUTSIDE = "a link to a {} outside the folder, which is not followed"


def list_images(folder: Path) -> list[Path]:
    """Return the image files in a folder and its sub-folders, sorted by relative POSIX path.

    Known by suffix (IMAGE_SUFFIXES, in either case). Hidden files and folders are skipped, and so
    are links that leave the folder. Links to folders are never followed: inside the folder their
    images are listed where they lie. ValueError names a folder that is missing, not a folder or not
    readable.
    """
    return find_images(folder).images


@dataclass(frozen=True)
class Found:
    """What is in a folder."""

    images: list[Path]
    """As list_images returns them."""
    skipped: list[tuple[Path, str]]
    """What has an image's name but is not taken, and folders elsewhere, with the reason."""
    others: list[Path]
    """Files with other suffixes, without hidden ones; whatever they are, none is opened."""


def find_images(folder: Path) -> Found:
    """Return what list_images returns, and what it skips."""
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
            elif reason := _not_taken(path, root):
                found.skipped.append((path, reason))
            else:
                found.images.append(path)
    found.images.sort(key=lambda path: path.relative_to(folder).as_posix())
    found.skipped.sort()
    return found


def nothing_found(folder: Path, found: Found) -> str:
    """Return the line for a folder without images: what is there, and what would be images."""
    kinds = Counter(path.suffix.lower() or "no suffix" for path in found.others)
    most = ", ".join(sorted(kinds, key=lambda kind: (-kinds[kind], kind))[:KINDS])
    there = [f"{len(found.others)} files of other kinds ({most})"] if kinds else []
    reasons = Counter(reason for _, reason in found.skipped)
    there += [f"{count} skipped ({reason})" for reason, count in reasons.items()]
    listed = f": {', '.join(there)}; images are {KNOWN} and the like" if there else ""
    return f"{folder}: no images in this folder or below it{listed}"


def skipped_lines(folder: Path, skipped: Sequence[tuple[Path, str]]) -> list[str]:
    """Return a line for each reason why something in a folder is not taken, with names."""
    paths = defaultdict[str, list[Path]](list)
    for path, reason in skipped:
        paths[reason].append(path)
    lines = []
    for reason, all_of_it in paths.items():
        names = ", ".join(str(path.relative_to(folder)) for path in all_of_it[:NAMED])
        more = f" and {len(all_of_it) - NAMED} more" if len(all_of_it) > NAMED else ""
        lines.append(f"{folder}: {names}{more}: {reason}")
    return lines


def _not_taken(path: Path, root: Path) -> str | None:
    """Return why a file is skipped, or None."""
    # A pipe would block its reader for ever, and a link may lead to itself: neither is a file.
    if not path.is_file():
        return "a link to nothing" if path.is_symlink() else "not a regular file"
    if path.is_symlink() and not path.resolve().is_relative_to(root):
        return OUTSIDE.format("file")
    return None


def _raise(error: OSError) -> None:
    """Raise the error: os.walk would silently skip a folder that it cannot read."""
    raise ValueError(f"{error.filename}: {error.strerror}") from error
