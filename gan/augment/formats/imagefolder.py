"""Class folders: CLASS/image, or SPLIT/CLASS/image."""

from collections.abc import Sequence
from pathlib import Path

from gan.augment.dataset import Dataset, Format, Item, assemble, list_files, nothing, split_name
from gan.library.report import Failure


def read(root: Path) -> Dataset:
    """The images of all classes; those in no class's folder are named."""
    files = list_files(root)
    split = has_splits(files.images)
    items, remarks = [], []
    for image in files.images:
        folders = image.parts[:-1]
        splits = frozenset({split_name(folders[0]) or folders[0]} if split and folders else ())
        items.append(Item(image, splits))
        if len(folders) <= split:
            remarks.append(Failure(root / image, "in no class's folder"))
    return assemble(root, files, items, remarks)


def has_splits(images: Sequence[Path]) -> bool:
    """Whether the outer folders are splits.

    `train` may also be a class, between `bus` and `plane`: then images lie directly in it.
    """
    outer = {path.parts[0] for path in images if len(path.parts) > 1}
    direct = {path.parts[0] for path in images if len(path.parts) == 2}
    named = {name for name in outer if split_name(name)}
    return bool(named) and (named == outer or not named & direct)


FORMAT = Format(read, nothing)
