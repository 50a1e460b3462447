"""A labeled dataset: images, and the files with their labels."""

import os
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from gan.images import IMAGE_SUFFIXES, Found, find_images, nothing_found
from gan.system.failures import Failure
from gan.system.remote import RemotePath, read_ahead

SPLITS = {
    "train": "train", "training": "train", "trainval": "trainval", "train_extra": "train_extra",
    "val": "val", "valid": "val", "validation": "val",
    "test": "test", "testing": "test", "testdev": "test",
}  # fmt: skip
"""Maps names of folders and files to our names of splits. Digits around the names are ignored."""

Named = TypeVar("Named")
"""The images that a line of a list names: none, one or several."""

PROVENANCE, REPORT, SHEET = "augmentation.jsonl", "augmentation.json", "sheet.png"
ABLATION, ABLATION_TABLE = "ablation.json", "ablation.md"
REPORTS = (PROVENANCE, REPORT, SHEET, ABLATION, ABLATION_TABLE)
"""Files that augmentation adds to a dataset."""


@dataclass(frozen=True)
class Box:
    """A labeled rectangle, in pixels or (`relative`) as fractions of width and height."""

    left: float
    top: float
    right: float
    bottom: float
    relative: bool = False
    kind: str | None = None
    """The object's class; None if the label has none, or if the box holds several objects."""


@dataclass(frozen=True)
class Item:
    """An image and the files that belong only to it. Paths are relative to the dataset's root."""

    image: Path
    splits: frozenset[str] = frozenset()
    labels: tuple[Path, ...] = ()
    """Label files; each output of the image gets a copy that is named like it."""
    boxes: tuple[Box, ...] = ()
    mask: Path | None = None
    labelled: bool = True
    """Whether it has a label, which may also state that the image shows no object."""
    ending: str = ""
    """The end of the image's stem that is missing in its labels' names, such as `_leftImg8bit`."""

    @property
    def start(self) -> str:
        """The common beginning of its files' names: the image's stem without the ending."""
        return self.image.stem.removesuffix(self.ending)


@dataclass(frozen=True)
class Files:
    """All files below a folder, sorted; paths are relative to it."""

    root: Path
    images: tuple[Path, ...]
    others: tuple[Path, ...]
    remarks: list[Failure] = field(default_factory=list)
    """Remarks about the files; readers of the files add theirs."""

    def remark(self, reason: str, *paths: Path) -> None:
        """Add a remark about each of the files."""
        self.remarks.extend(Failure(self.root / path, reason) for path in paths)

    def not_there(self, path: Path, number: int, name: str) -> None:
        """Add a remark: line `number` of a list names an image that is not in the dataset."""
        self.remark(f"line {number}: names {name}, which is not in the dataset", path)

    def parse(self, path: Path, parser: Callable[[bytes], Any], fault: str) -> Any:
        """Return the result of `parser` for a file's content.

        If the parser fails, add the remark `fault` + error and return None.
        """
        try:
            return parser((self.root / path).read_bytes())
        except (ValueError, LookupError, SyntaxError, RecursionError) as error:
            self.remark(f"{fault}{error}", path)
            return None


@dataclass(frozen=True)
class Dataset:
    """All files of a dataset's folder. Paths are relative to the root."""

    root: Path
    items: tuple[Item, ...]
    """Sorted by the images' names."""
    others: tuple[Path, ...]
    """All other files: copied unchanged, unless the format rewrites them."""
    remarks: tuple[Failure, ...]
    """Remarks about images without labels, labels without images, unreadable labels and skipped
    files."""
    folders: tuple[Path, ...] = ()
    """Empty folders, and links to folders."""

    @property
    def files(self) -> Files:
        """All files except the items' labels, in which `Format.rewrite` finds lists of images."""
        images = {path for path in self.others if path.suffix.lower() in IMAGE_SUFFIXES}
        return Files(
            self.root,
            tuple(sorted({*images, *(item.image for item in self.items)}, key=Path.as_posix)),
            tuple(path for path in self.others if path not in images),
        )


Outputs = Mapping[Path, tuple[Path, ...]]
"""Maps the path of each item's image to its paths in the output: the same, new, both or none."""


@dataclass(frozen=True)
class Format:
    """Functions that read a format of datasets, and rewrite its files when images change."""

    find_items: Callable[[Files], list[Item]]
    """Returns the items of a folder, and adds remarks to the files."""
    rule: str
    """Where labels must be, for error messages."""
    rewrite: Callable[[Dataset, Outputs], Iterator[tuple[Path, bytes]]] = lambda *_: iter(())
    """Yields (path, content) of each file whose content changes in the output, such as a list."""
    class_of: Callable[[Item], str | None] = lambda _: None
    """Returns the path of the folder that is an image's class; None if labels are files."""

    def read(self, root: Path) -> Dataset:
        """Return the dataset in a folder.

        ValueError if it has no images where this format expects them.
        """
        files = _list_files(root)
        items = self.find_items(files)
        if not items:
            raise ValueError(f"{root}: no images where this format expects them")
        own = {path for item in items for path in (item.image, *item.labels)}
        others = (path for path in (*files.images, *files.others) if path not in own)
        return Dataset(
            root,
            tuple(sorted(items, key=lambda item: item.image.as_posix())),
            tuple(sorted(others, key=Path.as_posix)),
            tuple(files.remarks),
            tuple(_empty_folders(files)),
        )


def _list_files(root: Path) -> Files:
    """Return all files except hidden ones, with remarks about skipped links.

    If the dataset is an output that is augmented again, its reports are skipped. ValueError if
    there is no image, or if a file that is not a report has a report's name.
    """
    found = find_images(root)
    reports = _check_reports(root)
    if isinstance(root, RemotePath):
        return _list_objects(root, found, reports)
    remarks = [Failure(path, f"{reason}: skipped") for path, reason in found.skipped]
    inside, named = root.resolve(), {path for path, _ in found.skipped}
    remarks += [
        Failure(path, "a link to a folder, which is not followed: skipped")
        for path in sorted(root.rglob("*"))
        if path.is_symlink()
        and path.is_dir()
        and path not in named
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
    ]
    others = []
    for path in sorted({*found.others} - reports):
        if path.is_file() and path.resolve().is_relative_to(inside):
            others.append(path.relative_to(root))
        else:
            remarks.append(Failure(path, "not a file of this folder: skipped"))
    images = [path.relative_to(root) for path in found.images if path not in reports]
    if not images:
        raise ValueError(nothing_found(root, found))
    return Files(root, tuple(images), tuple(sorted(others, key=Path.as_posix)), remarks)


def _list_objects(root: RemotePath, found: Found, reports: set[Path]) -> Files:
    """Return all objects below a URL; labels are fetched now, many at once."""
    images, others = (
        tuple(Path(path.relative_to(root).as_posix()) for path in paths if path not in reports)
        for paths in (found.images, found.others)
    )
    if not images:
        raise ValueError(nothing_found(root, found))
    read_ahead([path for path in found.others if isinstance(path, RemotePath)])
    return Files(root, images, others)


def _empty_folders(files: Files) -> Iterator[Path]:
    """Yield the folders that hold neither files nor folders, except hidden ones.

    Links to folders are not followed and count as empty folders: they may be classes.
    """
    full = {path.parent for path in (*files.images, *files.others)}
    for start, names, _ in os.walk(files.root):
        names[:] = sorted(name for name in names if not name.startswith("."))
        parent = Path(start).relative_to(files.root)
        links = (parent / name for name in names if Path(start, name).is_symlink())
        yield from links if names or parent in full or parent == Path() else (parent,)


def _check_reports(root: Path) -> set[Path]:
    """Return the paths of the reports if the dataset is itself an output, else an empty set.

    ValueError if other files have the names of reports.
    """
    there = {root / name for name in REPORTS if (root / name).exists()}
    if there and root / REPORT not in there:
        raise ValueError(f"{min(there)}: would be replaced by our report: rename it")
    return there


def split_name(text: str) -> str | None:
    """Return the split that a name means (val for valid, val2017 and val_set), or None."""
    name = text.lower().strip("0123456789_- ")
    return SPLITS.get(name.removesuffix("set").rstrip("_- "))


def split_words(text: str) -> frozenset[str]:
    """Return the splits that the words of a name mean: {train} for instances_train2017."""
    return frozenset(filter(None, map(split_name, re.split(r"[\W_]+", text))))


def split_of(path: Path) -> frozenset[str]:
    """Return the split that the innermost folder with a split's name means, as a set of 0 or 1."""
    names = (split_name(part) for part in reversed(path.parts[:-1]))
    return frozenset([next((name for name in names if name), "")]) - {""}


def renamed(item: Item, file: Path, start: str) -> Path:
    """Return the path of an item's image or label with `start` in place of `item.start`."""
    return file.with_name(start + file.name.removeprefix(item.start))


def swapped(path: Path, folder: str, other: str) -> Path:
    """Return a path with its innermost folder named `folder` replaced by `other`."""
    at = len(path.parts) - 2 - path.parts[-2::-1].index(folder)
    return Path(*path.parts[:at], other, *path.parts[at + 1 :])


def relist(
    lines: Iterable[tuple[bytes, Named]], new: Callable[[bytes, Named], Iterable[bytes]]
) -> bytes:
    """Return a list file in which the lines of `new(line, named)` replace each line.

    A byte order mark is kept at the beginning only. Lines keep their line breaks; a last line
    without one gets one if another follows.
    """
    result = bytearray()
    for line, named in lines:
        text = line.removeprefix(BOM_UTF8)
        result += line.removesuffix(text)
        for each in new(text, named):
            if result and not result.endswith((b"\n", BOM_UTF8)):
                result += b"\r\n" if b"\r\n" in result else b"\n"
            result += each
    return bytes(result)
