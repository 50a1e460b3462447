"""YOLO: a text file of boxes for every image, and a data.yaml that names folders or lists."""

import math
from collections.abc import Iterator
from pathlib import Path

from gan.augment.dataset import (
    Box,
    Dataset,
    Format,
    Item,
    Outputs,
    assemble,
    joined,
    list_files,
    split_of,
)
from gan.augment.formats.yolo_lists import described, lists, missing, relisted, rewritten_yaml
from gan.system.failures import Failure, failure


def read(root: Path) -> Dataset:
    """The images with their text files, in labels/ for images/, or beside them.

    Splits are those of data.yaml or, without one, of the folders.
    """
    files = list_files(root)
    beside = [path for path in files.images if "images" not in path.parts[:-1]]
    images = [path for path in files.images if "images" in path.parts[:-1]] or beside
    description = described(root, files.others, files.images)
    texts = {path for path in files.others if path.suffix == ".txt"}
    remarks = list(description.remarks)
    items, boxes = [], dict[Path, tuple[Box, ...]]()
    for image in images:
        own = [path for path in places(image) if path in texts][:1]
        if not own:
            remarks.append(Failure(root / image, "no label file: an image without objects"))
        for path in own:
            if path not in boxes:
                boxes[path] = read_boxes(root / path, description.keypoints, remarks)
        by_name = description.splits
        splits = split_of(image) if by_name is None else by_name.get(image, frozenset())
        items.append(
            Item(image, splits, tuple(own), boxes[own[0]] if own else (), labelled=bool(own))
        )
    others = sorted(texts - boxes.keys(), key=Path.as_posix)
    remarks += missing(root, others, files.images, description.lists)
    for path in others:
        if "labels" in path.parts[:-1] or looks_like_boxes(root / path):
            remarks.append(Failure(root / path, "labels without an image"))
    return assemble(root, files, items, remarks)


def places(image: Path) -> list[Path]:
    """Where the text file of an image may lie."""
    beside, parts = image.with_suffix(".txt"), image.with_suffix(".txt").parts
    if "images" not in parts[:-1]:
        return [beside]
    at = len(parts) - 1 - parts[::-1].index("images")
    return [Path(*parts[:at], "labels", *parts[at + 1 :]), beside]


def read_boxes(path: Path, keypoints: bool, remarks: list[Failure]) -> tuple[Box, ...]:
    """The boxes of a text file; none, and a remark, where it cannot be understood."""
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
        return tuple(
            read_box(line.split(), number, keypoints)
            for number, line in enumerate(lines, 1)
            if line.strip()
        )
    except ValueError as error:
        remarks.append(failure(path, error))
        return ()


def read_box(words: list[str], number: int, keypoints: bool) -> Box:
    """A box out of `class x y width height`, or around the polygon `class x y x y x y ...`."""
    right = f"line {number}: should be a class and x y width height, or a polygon, each from 0 to 1"
    try:
        _, *values = (float(word) for word in words)
    except ValueError:
        raise ValueError(right) from None
    if len(values) < 4 or not all(math.isfinite(value) for value in values):
        raise ValueError(right)
    polygon = len(values) >= 6 and len(values) % 2 == 0 and not keypoints
    if polygon:
        xs, ys = values[::2], values[1::2]
        edges = (min(xs), min(ys), max(xs), max(ys))
    else:
        x, y, width, height = values[:4]
        edges = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    # Half a pixel over the edge is rounding; labels in pixels are far beyond.
    if min(edges) < -0.05 or max(edges) > 1.05:
        raise ValueError(right)
    return Box(*edges, relative=True)


def looks_like_boxes(path: Path) -> bool:
    """Whether a text file that belongs to no image has lines of a class and a box."""
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
        return bool([read_box(line.split(), 0, False) for line in lines if line.strip()])
    except ValueError:
        return False


def rewrite(dataset: Dataset, outputs: Outputs) -> Iterator[tuple[Path, bytes]]:
    """data.yaml without paths that lead back to the source; lists of the images that are there."""
    images = [item.image for item in dataset.items]
    for path in dataset.others:
        if path.suffix in (".yaml", ".yml"):
            old = (dataset.root / path).read_bytes()
            if (new := rewritten_yaml(dataset.root, path, old)) != old:
                yield path, new
    for path, lines in lists(dataset.root, dataset.others, images).items():
        yield (
            path,
            joined(relisted(dataset.root, path, line, image, outputs) for line, image in lines),
        )


FORMAT = Format(
    read,
    rewrite,
    "a text file must have its image's stem and lie in labels/ for images/, or beside the image",
)
