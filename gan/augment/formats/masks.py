"""Segmentation: images, and masks of equal stem in folders beside them.

images/train/a.jpg + masks/train/a.png, or train/images/a.jpg + train/masks/a.png. The folder of
the masks may also be called mask, labels or annotations.
"""

from pathlib import Path

from gan.augment.dataset import Dataset, Format, Item, assemble, list_files, nothing, split_of
from gan.images import read_size
from gan.library.report import Failure

MASKS = ("masks", "mask", "labels", "annotations")
"""Names of the folder that stands where the images' path has `images`."""


def read(root: Path) -> Dataset:
    """The images with their masks; masks of another size than their image are named."""
    files = list_files(root)
    images = [path for path in files.images if "images" in path.parts[:-1]]
    if not images:
        raise ValueError(f"{root}: no folder `images` with images in it, beside one called `masks`")
    by_stem = {path.with_suffix(""): path for path in files.images}
    items, remarks = [], []
    for image in images:
        found = [by_stem[place] for place in places(image) if place in by_stem]
        if reason := trouble(root, image, found):
            remarks.append(Failure(root / image, reason))
        usable = found[0] if found and not reason else None
        items.append(
            Item(image, split_of(image), tuple(found[:1]), mask=usable, labelled=bool(found))
        )
    masks = {path for item in items for path in item.labels}
    remarks += [
        Failure(root / path, "a mask without an image")
        for path in files.images
        if set(MASKS) & set(path.parts[:-1]) and path not in masks and path not in images
    ]
    return assemble(root, files, items, remarks)


def places(image: Path) -> list[Path]:
    """Where the mask of an image may lie, without suffix."""
    parts = image.with_suffix("").parts
    at = len(parts) - 1 - parts[::-1].index("images")
    return [Path(*parts[:at], name, *parts[at + 1 :]) for name in MASKS]


def trouble(root: Path, image: Path, masks: list[Path]) -> str | None:
    """What is wrong with an image's mask."""
    if not masks:
        return "no mask"
    try:
        sizes = read_size(root / image), read_size(root / masks[0])
    except ValueError as error:
        return f"its mask cannot be compared: {error}"
    if sizes[0] == sizes[1]:
        return None
    return "{}x{} pixels, and its mask {}x{}".format(*sizes[0], *sizes[1])


FORMAT = Format(
    read,
    nothing,
    f"masks must have the image's stem, in a folder {', '.join(MASKS)} in place of images",
)
