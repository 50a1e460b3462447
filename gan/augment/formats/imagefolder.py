"""Class folders: CLASS/image, or SPLIT/CLASS/image."""

from collections.abc import Sequence
from pathlib import Path

from gan.augment.dataset import (
    Dataset,
    Files,
    Format,
    Item,
    assemble,
    list_files,
    nothing,
    split_name,
)
from gan.system.failures import Failure


def read(root: Path) -> Dataset:
    """The images of all classes; those in no class's folder are named."""
    files = list_files(root)
    split = has_splits(files.images)
    if other := likely(files, split):
        raise ValueError(f"{root}: has no folders of classes, but those of {other}")
    items, remarks = [], []
    for image in files.images:
        folders = image.parts[:-1]
        splits = frozenset({split_name(folders[0]) or folders[0]} if split and folders else ())
        items.append(Item(image, splits, labelled=len(folders) > split))
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


def likely(files: Files, split: bool) -> str | None:
    """What a dataset is meant to be, whose classes would be called `images` or the like."""
    depth = int(split)
    classes = {image.parts[depth] for image in files.images if len(image.parts) > depth + 1}
    if "JPEGImages" in {part for image in files.images for part in image.parts[:-1]}:
        return "--format voc"
    if "leftImg8bit" in classes:  # Cityscapes
        return "--format masks"
    if "images" not in classes:
        return None
    if any(path.suffix == ".txt" and "labels" in path.parts[:-1] for path in files.others):
        return "--format yolo"
    if classes & {"masks", "mask", "labels", "annotations"}:
        return "--format masks"
    if any(path.suffix == ".json" for path in files.others):
        return "--format coco"
    inner = {image.parts[1] for image in files.images if len(image.parts) > 2}
    below = not split and any(map(split_name, inner))
    return "splits in `images`: give that folder as --dataset" if below else None


FORMAT = Format(read, nothing, "images must lie in folders of classes, CLASS/ or train/CLASS/")
