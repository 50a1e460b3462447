"""Segmentation: images, and masks with the same beginning of names in neighboring folders.

Paths are images/train/a.jpg and masks/train/a.png, train/images/a.jpg and train/masks/a.png, or
train/a.jpg and train_masks/a.png. The folder of the masks may also be named mask, labels or
annotations, the folder of the images imgs or img. Names of masks may have a suffix, the same for
all, such as a_segmentation.png, a_mask.gif or a_L.png. An image may also have several masks, such
as a_seg.png and a_inst.png.

Cityscapes: leftImg8bit/train/CITY/a_leftImg8bit.png + gtFine/train/CITY/a_gtFine_labelIds.png,
a_gtFine_polygons.json and other files of this image.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from gan.augment.dataset import SPLITS, Files, Format, Item, split_of, swapped
from gan.images import read_size

MASKS = ("masks", "mask", "labels", "annotations")
BESIDE = ("{}_masks", "{}_mask", "{}_labels", "{}annot")
"""Names of folders with masks next to a split's folder."""


@dataclass(frozen=True)
class Layout:
    """The places of images' labels."""

    folders: Mapping[str, tuple[str, ...]]
    """Maps the name of a folder on the images' paths to the names that replace it on the labels'
    paths; folders with preferred masks come first."""
    masks: tuple[str, ...] = ()
    """Kinds of masks, the best first, if labels' names end with their folder's name and a kind,
    such as a_gtFine_labelIds.png. If empty, masks have the image's stem and perhaps a suffix."""
    suffixes: frozenset[str] = frozenset()
    """Ends of masks' stems, if there are no kinds."""

    @property
    def labels(self) -> frozenset[str]:
        """The names of all folders of labels."""
        return frozenset(chain.from_iterable(self.folders.values()))

    def folder(self, image: Path) -> str | None:
        """Return the innermost folder of an image's path that is a folder of images, or None."""
        return next((part for part in image.parts[-2::-1] if part in self.folders), None)

    def start(self, path: Path, folder: str) -> str:
        """Return the beginning that the names of an image and its labels share, from either's path.

        `folder` is the folder of images or labels on that path.
        """
        if self.masks:
            return path.stem.partition(f"_{folder}")[0]
        ends = filter(path.stem.endswith, self.suffixes) if folder in self.labels else ()
        return path.stem.removesuffix(max(ends, key=len, default=""))

    def places(self, image: Path) -> list[Path]:
        """Return path prefixes under which an image's labels may be.

        Each is a folder of labels, joined with the part of the name that image and labels share.
        """
        folder = self.folder(image)
        assert folder
        start = self.start(image, folder)
        return [swapped(image, folder, name).parent / start for name in self.folders[folder]]


CITYSCAPES = ("gtFine", "gtCoarse", "gtBbox3d", "gtBboxCityPersons")
LAYOUTS = (
    Layout({"leftImg8bit": CITYSCAPES}, ("labelIds", "labelTrainIds", "color", "instanceIds")),
    Layout(dict.fromkeys(("images", "imgs", "img"), MASKS)),
    Layout({split: tuple(name.format(split) for name in BESIDE) for split in SPLITS}),
)

Labels = dict[Path, list[Path]]

LOSSY = (".jpg", ".jpeg")
"""Suffixes of lossy formats: such a mask is at best a preview of another file."""


def _find_items(files: Files) -> list[Item]:
    """Return the images with their labels; add remarks about masks of another size."""
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
        ending = image.stem.removeprefix(layout.start(image, layout.folder(image) or ""))
        items.append(Item(image, split_of(image), tuple(own), (), mask, bool(own), ending))
    known = {path for item in items for path in (item.image, *item.labels)}
    for path in chain.from_iterable(by_place.values()):
        if path not in known:
            files.remark(f"a {'mask' if path in pictures else 'label'} without an image", path)
    return items


def _find_labels(files: Files) -> tuple[Layout, Labels, Labels]:
    """Return the layout that finds labels for the most images, its labels by place, and by image.

    A place is a prefix as from `Layout.places`. ValueError if every layout lacks its folder of
    images or its folder of labels.
    """
    folders = {part for path in (*files.images, *files.others) for part in path.parts[:-1]}
    found = []
    for plain in LAYOUTS:
        images = [image for image in files.images if plain.folder(image)]
        if images and plain.labels & folders:
            layout = _with_suffix(plain, files, images)
            by_place = _label_files(layout, files)
            by_image = {
                image: [path for place in layout.places(image) for path in by_place.get(place, ())]
                for image in images
            }
            found.append((layout, by_place, by_image))
    if not found:
        raise ValueError(
            f"{files.root}: no folder `images` with images in it next to a folder `masks`, no "
            "`train` next to `train_masks`, and no `leftImg8bit` next to `gtFine` (links that lead "
            "out of it are not followed)"
        )
    return max(found, key=lambda each: sum(map(bool, each[2].values())))


def _label_files(layout: Layout, files: Files) -> Labels:
    """Return all labels by place (folder / beginning of their names), the best masks first.

    Files that are not images are labels if their names have the form of labels.
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


def _rank(layout: Layout, path: Path) -> tuple[int, int]:
    """Return a sort key: the rank of a label's kind in `masks`, then the length of its name."""
    ranks = (at for at, kind in enumerate(layout.masks) if path.stem.endswith(f"_{kind}"))
    return next(ranks, len(layout.masks)), len(path.stem)


def _with_suffix(layout: Layout, files: Files, images: Sequence[Path]) -> Layout:
    """Return a layout with the most frequent suffix of masks, or several if they tie."""
    if layout.masks:
        return layout
    places = {place for image in images for place in layout.places(image)}
    counts = Counter[str]()
    for path in files.images:
        stem = path.stem
        cuts = [at for at, char in enumerate(stem) if char in "_-. "]
        counts.update(stem[at:] for at in (len(stem), *cuts) if path.parent / stem[:at] in places)
    most = max(counts.values(), default=0)
    return replace(layout, suffixes=frozenset(end for end in counts if counts[end] == most))


def _trouble(root: Path, image: Path, mask: Path | None) -> str | None:
    """Return what is wrong with an image's mask, or None."""
    if mask is None:
        return "no mask"
    try:
        sizes = read_size(root / image), read_size(root / mask)
    except ValueError as error:
        return f"its mask cannot be compared: {error}"
    if sizes[0] == sizes[1]:
        return None
    return "{}x{} pixels, but its mask has {}x{}".format(*sizes[0], *sizes[1])


FORMAT = Format(
    _find_items,
    "masks must have the image's stem, all with the same suffix or none, in a folder masks, mask, "
    "labels or annotations in place of images, or in train_masks in place of train; masks of "
    "Cityscapes are in gtFine in place of leftImg8bit, as a_gtFine_labelIds.png",
)
