"""Find the images and folders that YOLO's lists and data.yaml name."""

import os
import re
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from gan.augment.dataset import Files, Outputs, split_name, split_words
from gan.augment.formats.ends import by_ends
from gan.images import IMAGE_SUFFIXES
from gan.system.remote import RemotePath

Lines = list[tuple[bytes, Path | None]]
"""The lines of a list, with line breaks, each with the image that it names or None."""

Splits = Mapping[Path, frozenset[str]]
"""Splits by image or list."""


def find(root: Path, folder: Path, base: str, entry: str) -> Path | None:
    """Return the path, relative to the root, to which `entry` of data.yaml leads, or None.

    `folder` is the folder of data.yaml, relative to the root, and `base` the value of its `path`.
    """
    places = _candidates(roots(root), folder, base, entry)
    return next((place for place in places if _exists(root / place)), None)


def _exists(path: Path) -> bool:
    """Return whether there is a file or an object; False for names that no disk takes."""
    return path.exists() if isinstance(path, RemotePath) else os.path.exists(path)


def find_end(root: Path, folder: Path, entry: str) -> Path | None:
    """Return the file or folder below the root that matches the longest end of `entry`, or None.

    `entry` is a path of another machine. A folder must match by two names or by a split's name,
    because many folders may be named images.
    """
    parts = Path(entry.replace("\\", "/")).parts
    ends = (Path(*parts[start:]) for start in range(1, len(parts)))
    for end in (place / end for end in ends for place in (folder, Path())):
        named = len(end.parts) > 1 or split_name(end.name)
        if ".." not in end.parts and ((root / end).is_file() or (named and (root / end).is_dir())):
            return end
    return None


def roots(root: Path) -> tuple[Path, ...]:
    """Return the root in up to three spellings, with which paths in the dataset may begin."""
    return tuple(dict.fromkeys((root, root.absolute(), root.resolve())))


def _candidates(roots: Sequence[Path], folder: Path, base: str, entry: str) -> Iterator[Path]:
    """Yield possible paths of an entry below the root.

    An entry may be relative to `path` of data.yaml or to that file's folder, or written as in
    Roboflow: `../train/images` for a folder next to the file.
    """
    shorn = re.sub(r"^(\.\./)+", "", entry.replace("\\", "/"))
    for text in dict.fromkeys((os.path.join(base, entry), entry, shorn)):
        resolved = Path(os.path.normpath(roots[0] / folder / text))
        yield from (resolved.relative_to(root) for root in roots if resolved.is_relative_to(root))


def name_missing(files: Files, lists: Mapping[Path, Lines]) -> None:
    """Add remarks about lines that name images which are not in the dataset."""
    for path, lines in lists.items():
        for number, (line, image) in enumerate(lines, 1):
            name = _image_name(line)
            if name and not image and not name.startswith("#"):
                files.not_there(path, number, name)


def read_lists(files: Files) -> dict[Path, Lines]:
    """Return the lines of each text file, with the images that they name."""
    found = dict[Path, Lines]()
    known, starts = set(files.images), roots(files.root)
    for path in (path for path in files.others if path.suffix == ".txt"):
        read = (files.root / path).read_bytes().splitlines(keepends=True)
        found[path] = [(line, _image_of(starts, path.parent, line, known)) for line in read]
    return found


def with_lost(
    files: Files, lists: Mapping[Path, Lines], named: Splits, owners: Splits
) -> dict[Path, Lines]:
    """Return the lists; match a list's paths by their ends if none of them leads to an image.

    Such paths were written on another machine. `named` are the splits of lists named in data.yaml;
    other lists have the splits in their names. `owners` are the splits of images in folders named
    in data.yaml.
    """
    splits = {path: named.get(path) or split_words(path.stem) for path in lists}
    owners = defaultdict(frozenset, owners)
    lost = {path: lines for path, lines in lists.items() if not any(image for _, image in lines)}
    for path in lists.keys() - lost.keys():
        for image in (image for _, image in lists[path] if image):
            owners[image] |= splits[path]
    names = {
        path: [(_image_name(line) or "").replace("\\", "/") for line, _ in lines]
        for path, lines in lost.items()
    }
    names = {path: own for path, own in names.items() if any(own)}  # label files name no images
    meant = by_ends(names, splits, files.images, owners)
    return dict(lists) | {
        path: [(line, image) for (line, _), image in zip(lost[path], images, strict=True)]
        for path, images in meant.items()
    }


def _image_name(line: bytes) -> str | None:
    """Return the path in a line, or None if it is not an image's."""
    text = os.fsdecode(line.removeprefix(BOM_UTF8)).strip()
    return text if os.path.splitext(text)[1].lower() in IMAGE_SUFFIXES else None


def _image_of(
    roots: Sequence[Path], folder: Path, line: bytes, known: Collection[Path]
) -> Path | None:
    """Return the image that a line names: an absolute path, or relative to the list or the root."""
    if (name := _image_name(line)) is None:
        return None
    places = (place for start in (folder, Path()) for place in _candidates(roots, start, "", name))
    return next((place for place in places if place in known), None)


def relisted(
    root: Path, path: Path, outputs: Outputs, line: bytes, image: Path | None
) -> list[bytes]:
    """Return the line of an image once for each of its outputs; absolute paths become relative."""
    if image is None:
        return [line]
    text = os.fsdecode(line)
    if Path(text.strip()).is_absolute():
        relative = Path(os.path.relpath(root / image, root / path.parent)).as_posix()
        text = text.replace(text.strip(), f"./{relative}")
    before, _, after = text.rpartition(image.name)
    names = (output.name for output in outputs.get(image, (image,)))
    return [os.fsencode(before + name + after) for name in names]
