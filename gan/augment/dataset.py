"""A labeled dataset as augmentation sees it: images, and the files that carry their labels."""

import os
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from gan.images import IMAGE_SUFFIXES, find_images, nothing_found
from gan.system.failures import Failure

SPLITS = {
    "train": "train", "training": "train", "trainval": "trainval", "train_extra": "train_extra",
    "val": "val", "valid": "val", "validation": "val",
    "test": "test", "testing": "test", "testdev": "test",
}  # fmt: skip
"""What folders and files of splits are called, and what we call them. Years may follow."""

Named = TypeVar("Named")
"""What a line of a list names."""

PROVENANCE, REPORT, SHEET = "augmentation.jsonl", "augmentation.json", "sheet.png"
ABLATION, ABLATION_TABLE = "ablation.json", "ablation.md"
REPORTS = (PROVENANCE, REPORT, SHEET, ABLATION, ABLATION_TABLE)
"""What augmentation adds to a dataset, beside its own files."""


@dataclass(frozen=True)
class Box:
    """A labeled rectangle, in pixels or (`relative`) as shares of the width and the height."""

    left: float
    top: float
    right: float
    bottom: float
    relative: bool = False
    kind: str | None = None
    """The class of what is in it; None where that is not one thing of a class."""


@dataclass(frozen=True)
class Item:
    """An image and what belongs to it alone. Paths begin below the dataset's root."""

    image: Path
    splits: frozenset[str] = frozenset()
    labels: tuple[Path, ...] = ()
    """Files that are carried under the image's new name."""
    boxes: tuple[Box, ...] = ()
    mask: Path | None = None
    labelled: bool = True
    """Whether anything says what is on it; a label may say that nothing is."""
    ending: str = ""
    """What the image's stem ends in and its labels' names do not have: `_leftImg8bit`."""

    @property
    def start(self) -> str:
        """What the names of all its files begin with: the image's stem, but for the ending."""
        return self.image.stem.removesuffix(self.ending)


@dataclass(frozen=True)
class Files:
    """What lies below a folder, sorted; paths begin below it."""

    root: Path
    images: tuple[Path, ...]
    others: tuple[Path, ...]
    remarks: list[Failure] = field(default_factory=list)
    """What is odd. Whoever reads the files adds to it."""

    def remark(self, reason: str, *paths: Path) -> None:
        """Note what is odd about files."""
        self.remarks.extend(Failure(self.root / path, reason) for path in paths)

    def not_there(self, path: Path, number: int, name: str) -> None:
        """Note that a line of a list names an image which is not in the dataset."""
        self.remark(f"line {number}: names {name}, which is not in the dataset", path)

    def parse(self, path: Path, parser: Callable[[bytes], Any], fault: str) -> Any:
        """Return what a parser reads in a file; None, and a remark, where it cannot be parsed."""
        try:
            return parser((self.root / path).read_bytes())
        except (ValueError, LookupError, SyntaxError, RecursionError) as error:
            self.remark(f"{fault}{error}", path)
            return None


@dataclass(frozen=True)
class Dataset:
    """All files of a folder. Paths begin below the root."""

    root: Path
    items: tuple[Item, ...]
    """Sorted by the images' names."""
    others: tuple[Path, ...]
    """Every other file: carried as it is, unless its format rewrites it."""
    remarks: tuple[Failure, ...]
    """What is odd: images without labels, labels without images, labels that cannot be read."""
    folders: tuple[Path, ...] = ()
    """Folders without a file, and links to folders."""

    @property
    def files(self) -> Files:
        """Return all images and every other file outside the items, to be read again."""
        images = {path for path in self.others if path.suffix.lower() in IMAGE_SUFFIXES}
        return Files(
            self.root,
            tuple(sorted({*images, *(item.image for item in self.items)}, key=Path.as_posix)),
            tuple(path for path in self.others if path not in images),
        )


Outputs = Mapping[Path, tuple[Path, ...]]
"""Under which names each item's image is in the output: its own, new ones, or none."""


@dataclass(frozen=True)
class Format:
    """How a kind of dataset is read, and what of it changes when images come or go."""

    find_items: Callable[[Files], list[Item]]
    """Returns the items of a folder, and remarks on what is odd."""
    rule: str
    """Where labels must be to be found, for those who have none."""
    rewrite: Callable[[Dataset, Outputs], Iterator[tuple[Path, bytes]]] = lambda *_: iter(())
    """Files whose content is another in the output; none where no file is about several images."""
    class_of: Callable[[Item], str | None] = lambda _: None
    """Returns the folder that stands for an image's class by being there; None where labels do."""

    def read(self, root: Path) -> Dataset:
        """Read a folder; every file that belongs to none of its items is another."""
        files = _list_files(root)
        items = self.find_items(files)
        if not items:
            raise ValueError(f"{root}: no images where this format has them")
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
    """Return all files but hidden ones; what a link hides is named. ValueError without an image,
    and where a file has a report's name.

    The reports of an output that is augmented again are skipped.
    """
    found = find_images(root)
    reports = _check_reports(root)
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


def _empty_folders(files: Files) -> Iterator[Path]:
    """Yield the folders, but for hidden ones, that hold none of the files and no other folder.

    Links to folders, which are not followed, are such, too: they may be classes.
    """
    full = {path.parent for path in (*files.images, *files.others)}
    for start, names, _ in os.walk(files.root):
        names[:] = sorted(name for name in names if not name.startswith("."))
        parent = Path(start).relative_to(files.root)
        links = (parent / name for name in names if Path(start, name).is_symlink())
        yield from links if names or parent in full or parent == Path() else (parent,)


def _check_reports(root: Path) -> set[Path]:
    """Return the reports in a dataset that is itself an output; ValueError for others so named."""
    there = {root / name for name in REPORTS if (root / name).exists()}
    if there and root / REPORT not in there:
        raise ValueError(f"{min(there)}: would be replaced by our report: rename it")
    return there


def split_name(text: str) -> str | None:
    """Return the split that a folder's or file's name means: `valid`, `val2017` and `val_set` are
    val."""
    name = text.lower().strip("0123456789_- ")
    return SPLITS.get(name.removesuffix("set").rstrip("_- "))


def split_words(text: str) -> frozenset[str]:
    """Return the splits that the words of a name mean: train for instances_train2017."""
    return frozenset(filter(None, map(split_name, re.split(r"[\W_]+", text))))


def split_of(path: Path) -> frozenset[str]:
    """Return the split that the folders of a path name, the innermost one first."""
    names = (split_name(part) for part in reversed(path.parts[:-1]))
    return frozenset([next((name for name in names if name), "")]) - {""}


def renamed(item: Item, file: Path, start: str) -> Path:
    """Return the name of an item's image or label, were its names to begin otherwise."""
    return file.with_name(start + file.name.removeprefix(item.start))


def swapped(path: Path, folder: str, other: str) -> Path:
    """Return a path with another folder in place of its innermost one of this name."""
    at = len(path.parts) - 2 - path.parts[-2::-1].index(folder)
    return Path(*path.parts[:at], other, *path.parts[at + 1 :])


def relist(
    lines: Iterable[tuple[bytes, Named]], new: Callable[[bytes, Named], Iterable[bytes]]
) -> bytes:
    """Return a list with what comes of each line; a byte order mark stays in front, and there only.

    Lines have their own ends; one that has none gets one before another.
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
