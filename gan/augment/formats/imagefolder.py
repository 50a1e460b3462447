"""Class folders: CLASS/image, or SPLIT/CLASS/image."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from gan.augment.dataset import Files, Format, Item, split_name


def _find_items(files: Files) -> list[Item]:
    """Return all images, with remarks about those in no class folder.

    ValueError if the folders look like another format.
    """
    split = _has_splits(files.images)
    if other := _likely(files, split):
        raise ValueError(f"{files.root}: its folders are not classes; it looks like {other}")
    items = []
    for image in files.images:
        folders = image.parts[:-1]
        splits = frozenset({split_name(folders[0]) or folders[0]} if split and folders else ())
        items.append(Item(image, splits, labelled=len(folders) > split))
        if len(folders) <= split:
            files.remark("in no class folder", image)
    return items


def _has_splits(images: Sequence[Path]) -> bool:
    """Return whether the outer folders are splits.

    They are if all have a split's name, or if one that has such a name holds most of its images in
    subfolders. Otherwise `train` may be a class, between `bus` and `plane`.
    """
    outer = {path.parts[0] for path in images if len(path.parts) > 1}
    inner = Counter[str]()
    for path in images:
        inner[path.parts[0]] += 1 if len(path.parts) > 2 else -1
    named = {name for name in outer if split_name(name)}
    return bool(named) and (named == outer or any(inner[name] > 0 for name in named))


def _likely(files: Files, split: bool) -> str | None:
    """Return what a dataset seems to be if its folders are not classes; None if they may be.

    It follows the words "it looks like" in the error: another format, or where the splits are.
    """
    classes = {image.parts[split] for image in files.images if len(image.parts) > split + 1}
    split_inside = not split and any(
        split_name(image.parts[1]) for image in files.images if len(image.parts) > 2
    )
    only = next(iter(classes)) if len(classes) == 1 else ""
    wrapped = [image.relative_to(only) for image in files.images if image.parts[0] == only]
    splits = "splits in `{}`: give that folder as --dataset".format
    signs = [
        ("--format voc", any("JPEGImages" in image.parts[:-1] for image in files.images)),
        ("--format masks", "leftImg8bit" in classes),  # Cityscapes
        (splits(only), not split and only != "images" and _has_splits(wrapped)),
        (None, "images" not in classes),
        (
            "--format yolo",
            any(path.suffix == ".txt" and "labels" in path.parts[:-1] for path in files.others),
        ),
        ("--format masks", not classes.isdisjoint(("masks", "mask", "labels", "annotations"))),
        ("--format coco", any(path.suffix == ".json" for path in files.others)),
        (splits("images"), split_inside),
    ]
    return next((meant for meant, there in signs if there), None)


def _class_of(item: Item) -> str | None:
    """Return the path of an image's class folder, with its split; None for an image in no class."""
    depth = 2 if item.splits else 1
    return Path(*item.image.parts[:depth]).as_posix() if item.labelled else None


FORMAT = Format(
    _find_items,
    "images must be in class folders, CLASS/ or train/CLASS/",
    class_of=_class_of,
)
