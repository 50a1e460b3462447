"""Segmentation: images, and masks in folders beside theirs under names that begin alike.

images/train/a.jpg + masks/train/a.png, or train/images/a.jpg + train/masks/a.png. The folder of
the masks may also be called mask, labels or annotations.

Cityscapes: leftImg8bit/train/CITY/a_leftImg8bit.png + gtFine/train/CITY/a_gtFine_labelIds.png,
a_gtFine_polygons.json and whatever else of this image lies there.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from gan.augment.dataset import Files, Format, Item, split_of, swapped
from gan.images import read_size


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

Labels = dict[Path, list[Path]]

LOSSY = (".jpg", ".jpeg")
"""As a mask, a file in these formats is at best a preview of another."""


def _find_items(files: Files) -> list[Item]:
    """The images with their labels; masks of another size than their image are named."""
    layout, by_place, by_image = _find_labels(files)
    pictures, items = {*files.images}, []
    for image, own in by_image.items():
        mask = min(
            (path for path in own if path in pictures),
            key=lambda path: path.suffix.lower() in LOSSY,
            default=None,
        )
        if reason := _trouble(files.root, image, mask):
            files.remark(reason, image)
            mask = None
        ending = image.stem.removeprefix(layout.start(image, layout.images))
        items.append(Item(image, split_of(image), tuple(own), (), mask, bool(own), ending))
    known = {path for item in items for path in (item.image, *item.labels)}
    for path in chain.from_iterable(by_place.values()):
        if path not in known:
            files.remark(f"a {'mask' if path in pictures else 'label'} without an image", path)
    return items


def _find_labels(files: Files) -> tuple[Layout, Labels, Labels]:
    """The layout, both of whose folders are there, by which most images have labels.

    With it its labels by their places, and those of each image. ValueError where there is none.
    """
    folders = {part for path in files.images for part in path.parts[:-1]}
    others = {part for path in files.others for part in path.parts[:-1]}
    found = []
    for layout in LAYOUTS:
        if layout.images in folders and {*layout.labels} & (folders | others):
            by_place = _label_files(layout, files)
            by_image = {
                image: _labels_of(layout, image, by_place)
                for image in files.images
                if layout.images in image.parts[:-1]
            }
            found.append((layout, by_place, by_image))
    if not found:
        raise ValueError(
            f"{files.root}: no folder `images` with images in it, beside one called `masks`, and "
            "no `leftImg8bit` beside `gtFine` (links that lead out of it are not followed)"
        )
    return max(found, key=lambda each: sum(map(bool, each[2].values())))


def _label_files(layout: Layout, files: Files) -> Labels:
    """All labels by their folder and the start of their names, those first that are best as masks.

    Files that are no pictures are labels where their name says so.
    """
    found, pictures = defaultdict[Path, list[Path]](list), {*files.images}
    for path in (*files.images, *files.others):
        folder = next((part for part in path.parts[-2::-1] if part in layout.labels), None)
        start = layout.start(path, folder) if folder else path.stem
        if folder and (path in pictures or start != path.stem):
            found[path.parent / start].append(path)
    for paths in found.values():
        paths.sort(key=lambda path: _rank(layout, path))
    return found


def _rank(layout: Layout, path: Path) -> int:
    """The place of a label's kind among masks; what is none comes last."""
    ranks = (at for at, kind in enumerate(layout.masks) if path.stem.endswith(f"_{kind}"))
    return next(ranks, len(layout.masks))


def _labels_of(layout: Layout, image: Path, by_place: Labels) -> list[Path]:
    """The labels of an image: those in its places have its folders, and the start of its name."""
    start = layout.start(image, layout.images)
    places = [swapped(image, layout.images, name).parent / start for name in layout.labels]
    return [path for place in places for path in by_place.get(place, ())]


def _trouble(root: Path, image: Path, mask: Path | None) -> str | None:
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
    _find_items,
    "masks must have the image's stem, in a folder masks, mask, labels or annotations in place of "
    "images; Cityscapes' lie in gtFine in place of leftImg8bit, as a_gtFine_labelIds.png",
)
