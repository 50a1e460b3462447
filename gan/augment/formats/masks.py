"""Segmentation: images, and masks in folders beside theirs under names that begin alike.

images/train/a.jpg + masks/train/a.png, or train/images/a.jpg + train/masks/a.png. The folder of
the masks may also be called mask, labels or annotations.

Cityscapes: leftImg8bit/train/CITY/a_leftImg8bit.png + gtFine/train/CITY/a_gtFine_labelIds.png,
a_gtFine_polygons.json and whatever else of this image lies there.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from gan.augment.dataset import (
    Dataset,
    Files,
    Format,
    Item,
    assemble,
    list_files,
    nothing,
    split_of,
)
from gan.images import read_size
from gan.system.failures import Failure


@dataclass(frozen=True)
class Layout:
    """Where the labels of images lie."""

    images: str
    """The folder of the images, anywhere on their paths."""
    labels: tuple[str, ...]
    """The folders that stand in its place on the labels' paths, those first whose masks are
    preferred."""
    masks: tuple[str, ...] = ()
    """Kinds of masks, the best first, where names go on with their folder's and a kind, as in
    a_gtFine_labelIds.png. Without kinds pictures of the image's stem are masks."""

    def start(self, path: Path, folder: str) -> str:
        """What the names of an image and of its labels begin with."""
        return path.stem.partition(f"_{folder}")[0] if self.masks else path.stem


LAYOUTS = (
    Layout(
        "leftImg8bit",
        ("gtFine", "gtCoarse", "gtBbox3d", "gtBboxCityPersons"),
        ("labelIds", "labelTrainIds", "color", "instanceIds"),
    ),
    Layout("images", ("masks", "mask", "labels", "annotations")),
)

LOSSY = (".jpg", ".jpeg")
"""As a mask, a file in these formats is at best a preview of another."""


def read(root: Path) -> Dataset:
    """The images with their labels; masks of another size than their image are named."""
    files = list_files(root)
    layout = layout_of(root, files)
    images = [path for path in files.images if layout.images in path.parts[:-1]]
    pictures, labels = {*files.images}, label_files(layout, files)
    items, remarks = [], []
    for image in images:
        own = [path for place in places(layout, image) for path in labels.get(place, ())]
        masks = [path for path in own if path in pictures]
        mask = min(masks, key=lambda path: path.suffix.lower() in LOSSY, default=None)
        if reason := trouble(root, image, mask):
            remarks.append(Failure(root / image, reason))
        usable = None if reason else mask
        ending = image.stem.removeprefix(layout.start(image, layout.images))
        items.append(Item(image, split_of(image), tuple(own), (), usable, bool(own), ending))
    known = {path for item in items for path in (item.image, *item.labels)}
    remarks += [
        Failure(root / path, f"a {'mask' if path in pictures else 'label'} without an image")
        for found in labels.values()
        for path in found
        if path not in known
    ]
    return assemble(root, files, items, remarks)


def layout_of(root: Path, files: Files) -> Layout:
    """The layout, both of whose folders are there, by which most images have labels.

    ValueError where there is none.
    """
    folders = {part for path in files.images for part in path.parts[:-1]}
    others = {part for path in files.others for part in path.parts[:-1]}
    found = [
        layout
        for layout in LAYOUTS
        if layout.images in folders and {*layout.labels} & (folders | others)
    ]
    if not found:
        raise ValueError(
            f"{root}: no folder `images` with images in it, beside one called `masks`, and no "
            "`leftImg8bit` beside `gtFine` (links that lead out of it are not followed)"
        )
    return max(found, key=lambda layout: count_labelled(layout, files))


def count_labelled(layout: Layout, files: Files) -> int:
    """How many images have labels."""
    labels = label_files(layout, files)
    images = (path for path in files.images if layout.images in path.parts[:-1])
    return sum(any(place in labels for place in places(layout, image)) for image in images)


def label_files(layout: Layout, files: Files) -> dict[Path, list[Path]]:
    """All labels by their folder and the start of their names, those first that are best as masks.

    Files that are no pictures are labels where their name says so.
    """
    found, pictures = defaultdict[Path, list[Path]](list), {*files.images}
    for path in (*files.images, *files.others):
        folder = innermost(path, layout.labels)
        if folder is None:
            continue
        start = layout.start(path, folder)
        if path in pictures or start != path.stem:
            found[path.parent / start].append(path)
    for paths in found.values():
        paths.sort(key=lambda path: rank(layout, path))
    return found


def innermost(path: Path, folders: Collection[str]) -> str | None:
    """Which of these folders a file lies in."""
    return next((part for part in reversed(path.parts[:-1]) if part in folders), None)


def rank(layout: Layout, path: Path) -> int:
    """The place of a label's kind among masks; what is none comes last."""
    ranks = (at for at, kind in enumerate(layout.masks) if path.stem.endswith(f"_{kind}"))
    return next(ranks, len(layout.masks))


def places(layout: Layout, image: Path) -> list[Path]:
    """Where the labels of an image may lie: their folders, and the start of their names."""
    folders = image.parts[:-1]
    at = len(folders) - 1 - folders[::-1].index(layout.images)
    start = layout.start(image, layout.images)
    return [Path(*folders[:at], name, *folders[at + 1 :], start) for name in layout.labels]


def trouble(root: Path, image: Path, mask: Path | None) -> str | None:
    """What is wrong with an image's mask."""
    if mask is None:
        return "no mask"
    try:
        sizes = read_size(root / image), read_size(root / mask)
    except ValueError as error:
        return f"its mask cannot be compared: {error}"
    if sizes[0] == sizes[1]:
        return None
    return "{}x{} pixels, and its mask {}x{}".format(*sizes[0], *sizes[1])


FORMAT = Format(
    read,
    nothing,
    "masks must have the image's stem, in a folder masks, mask, labels or annotations in place of "
    "images; Cityscapes' lie in gtFine in place of leftImg8bit, as a_gtFine_labelIds.png",
)
