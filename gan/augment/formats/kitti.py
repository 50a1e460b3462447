"""KITTI: images in image_2; files with their stems in label_2, calib and other folders."""

import math
from collections import defaultdict
from collections.abc import Container, Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from gan.augment.dataset import (
    Box,
    Dataset,
    Files,
    Format,
    Item,
    Outputs,
    relist,
    split_name,
    split_of,
)
from gan.augment.formats.voc import relisted, stems

IMAGES, LABELS = "image_2", "label_2"
BESIDE = (LABELS, "calib", "velodyne", "planes")
"""Folders whose files are carried with an image."""
EDGES = slice(4, 8)
"""Words of a label's line for left, top, right and bottom, in pixels."""
ANYTHING = "DontCare"


def _find_items(files: Files) -> list[Item]:
    """Return the images of every image_2, with the files of equal stem in the folders next to it.

    Splits come from ImageSets, as in libraries for KITTI, else from the folders: training and
    testing, or train, val and test.
    """
    images = [path for path in files.images if path.parent.name == IMAGES]
    if not images:
        raise ValueError(f"{files.root}: no folder {IMAGES} with images in it, next to {LABELS}")
    by_place = defaultdict[tuple[Path, str], list[Path]](list)
    for path in files.others:
        if path.parent.name in BESIDE:
            by_place[path.parent.parent, path.stem].append(path)
    splits = defaultdict[Path, frozenset[str]](frozenset)
    for path, lines in _lists(files).items():
        if name := split_name(path.stem):
            for image in chain.from_iterable(found for _, found in lines):
                splits[image] |= {name}
    items = []
    for image in images:
        base = image.parent.parent
        own = by_place.pop((base, image.stem), [])
        label = next((path for path in own if path.parent.name == LABELS), None)
        boxes = files.parse(label, _read_boxes, "") if label else ()
        split = splits[image] or split_of(image)
        if label is None and "test" not in split:
            files.remark(f"no {LABELS}/{image.stem}.txt", image)
        items.append(Item(image, split, tuple(own), boxes or (), labelled=label is not None))
    files.remark("labels without an image", *chain.from_iterable(by_place.values()))
    return items


def _read_boxes(content: bytes) -> tuple[Box, ...]:
    """Return the boxes of a label file; ValueError, with the line's number, for an invalid line."""
    boxes = []
    for number, line in enumerate(content.decode("utf-8-sig").splitlines(), 1):
        words = line.split()
        if not words or words[0] == ANYTHING:
            continue
        try:
            left, top, right, bottom = (float(word) for word in words[EDGES])
            if not all(map(math.isfinite, (left, top, right, bottom))):
                raise ValueError("not a number")
        except ValueError:
            raise ValueError(
                f"line {number}: must be a class, three numbers, and left, top, right, bottom"
            ) from None
        boxes.append(Box(left, top, right, bottom, kind=words[0]))
    return tuple(boxes)


def _lists(files: Files) -> dict[Path, list[tuple[bytes, list[Path]]]]:
    """Return the list files in ImageSets folders, as pairs of a line and the images it names."""
    by_stem = defaultdict[tuple[Path, str], list[Path]](list)
    for image in files.images:
        if image.parent.name == IMAGES:
            by_stem[image.parent.parent.parent, image.stem].append(image)
    found, taken = dict[Path, list[tuple[bytes, list[Path]]]](), set[Path]()
    lists = (path for path in files.others if path.parts[-2:-1] == ("ImageSets",))
    for path in sorted(lists, key=lambda path: split_name(path.stem) == "test"):
        if path.suffix == ".txt":
            lines = (files.root / path).read_bytes().splitlines(keepends=True)
            home, split = path.parent.parent, split_name(path.stem)
            same = (by_stem.get((home, stems(line)[0]), []) for line in lines)
            named = [_of_split(images, split, taken) for images in same]
            found[path] = list(zip(lines, named, strict=True))
            if split and split != "test":
                taken.update(chain.from_iterable(named))
    return found


def _of_split(images: list[Path], split: str | None, taken: Container[Path]) -> list[Path]:
    """Return the images that a line of a list names; `images` are all with its stem.

    `split` is the list's split, if any. The images in the split's folder are returned. Without any,
    those in train's folder. Without these, the first one that is in no split's folder (or in any
    folder, if the list has no split). The list trainval names those in train's folder, or else in
    val's. For the list test, images outside test's folder are skipped if another list has `taken`
    them.
    """
    if split == "test":
        images = [image for image in images if split in split_of(image) or image not in taken]
    places = ("train", "val") if split == "trainval" else (split, "train")
    parts = ([image for image in images if place in split_of(image)] for place in places)
    return next(filter(None, parts), [i for i in images if not (split and split_of(i))][:1])


def _rewrite(dataset: Dataset, outputs: Outputs) -> Iterator[tuple[Path, bytes]]:
    """Yield (path, content) of the lists of ImageSets, with the images of the output."""
    for path, lines in _lists(dataset.files).items():
        if any(found for _, found in lines):
            yield path, relist(lines, partial(relisted, outputs=outputs))


FORMAT = Format(_find_items, f"{IMAGES}/a.png requires {LABELS}/a.txt", _rewrite)
