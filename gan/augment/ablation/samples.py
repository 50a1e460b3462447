"""Find the samples of an ablation in the labels of a dataset."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gan.augment.dataset import Box, Dataset, Format, Item
from gan.augment.plan import draw
from gan.images import ImageError, read_orientation, read_size
from gan.system.failures import Failure, failure

Purpose = Literal["classes", "boxes", "masks"]
"""The kind of a dataset's labels: class folders, boxes with classes, or masks."""

Size = tuple[int, int]
"""(width, height)."""

BACKGROUND = "(background)"
"""The class of crops without any box; each image has one, if there is room for it."""
LEAST_SIDE = 4
"""Smallest side in pixels of a sample's box, after clipping to the image."""
TRIES = 50
"""Number of places that are tried for a crop of the background."""


@dataclass(frozen=True)
class Sample:
    """An image or a part of it, with its label. Paths are relative to the dataset's root."""

    image: Path
    kind: str | None = None
    """Its class; None if it has a mask."""
    part: Box | None = None
    """The part of the image, in pixels; None for the whole image."""
    mask: Path | None = None


def purpose_of(dataset: Dataset, format: Format) -> Purpose:
    """Return the kind of a dataset's labels; ValueError if they have no classes."""
    if any(format.class_of(item) for item in dataset.items):
        return "classes"
    if any(box.kind for item in dataset.items for box in item.boxes):
        return "boxes"
    if any(item.mask for item in dataset.items):
        return "masks"
    raise ValueError(
        f"ablation: {dataset.root}: no label has a class: class folders, boxes with classes, or "
        "masks are required"
    )


def test_items(dataset: Dataset) -> list[Item]:
    """Return the labeled images of the split `test`, or all labeled images if that has none."""
    labelled = [item for item in dataset.items if item.labelled]
    return [item for item in labelled if "test" in item.splits] or labelled


def find_samples(
    dataset: Dataset, items: Sequence[Item], format: Format, purpose: Purpose
) -> tuple[list[Sample], list[Failure]]:
    """Return the samples of `items`, in order, and the images or boxes that cannot be used."""
    if purpose == "classes":
        named = ((item.image, format.class_of(item)) for item in items)
        return [Sample(image, Path(kind).name) for image, kind in named if kind], []
    placed = [item for item in items if item.boxes or item.mask]
    with ThreadPoolExecutor() as threads:
        sizes = list(threads.map(_upright_size, [dataset.root / item.image for item in placed]))
    samples, failures = list[Sample](), list[Failure]()
    for item, size in zip(placed, sizes, strict=True):
        if isinstance(size, Failure):
            failures.append(size)
        elif purpose == "masks":
            samples += [Sample(item.image, mask=item.mask)] if item.mask else []
        else:
            samples += _crops(item, size)
            bad = sum(bool(box.kind) and not _inside(box, size) for box in item.boxes)
            if bad:
                reason = (
                    f"{bad} boxes are empty, outside the image, or smaller than {LEAST_SIDE} pixels"
                )
                failures.append(Failure(dataset.root / item.image, reason))
    return samples, failures


def _upright_size(path: Path) -> Size | Failure:
    """Return an image's size, or a failure if it cannot be read or is stored rotated."""
    try:
        if read_orientation(path) != 1:
            return Failure(path, "rotated by its EXIF orientation: its labels may not be")
        return read_size(path)
    except ImageError as error:
        return failure(path, error)


def _crops(item: Item, size: Size) -> Iterator[Sample]:
    """Yield a sample for each box with a class, and one of a part without any box."""
    for box in item.boxes:
        part = _inside(box, size)
        if part and box.kind:
            yield Sample(item.image, box.kind, part)
    if part := _empty_part(item, size):
        yield Sample(item.image, BACKGROUND, part)


def _inside(box: Box, size: Size) -> Box | None:
    """Return the part of a box inside the image, in whole pixels; None if it is too small."""
    across, down = size if box.relative else (1, 1)
    left, right = (min(max(round(x * across), 0), size[0]) for x in (box.left, box.right))
    top, bottom = (min(max(round(y * down), 0), size[1]) for y in (box.top, box.bottom))
    large = min(right - left, bottom - top) >= LEAST_SIDE
    return Box(left, top, right, bottom) if large else None


def _empty_part(item: Item, size: Size) -> Box | None:
    """Return a random part that overlaps none of an image's boxes, as large as one of them.

    It depends only on the image's name and boxes. None if it has no boxes, or if all of TRIES
    places overlap a box.
    """
    taken = [part for box in item.boxes if (part := _inside(box, size))]
    for number in range(TRIES if taken else 0):
        name = f"{item.image.as_posix()}\0{number}"
        like = taken[int(draw(0, name, "like") * len(taken))]
        width, height = like.right - like.left, like.bottom - like.top
        left = round(draw(0, name, "left") * (size[0] - width))
        top = round(draw(0, name, "top") * (size[1] - height))
        part = Box(left, top, left + width, top + height)
        if not any(_overlap(part, other) for other in taken):
            return part
    return None


def _overlap(one: Box, other: Box) -> bool:
    """Return whether two boxes have a pixel in common."""
    return max(one.left, other.left) < min(one.right, other.right) and max(
        one.top, other.top
    ) < min(one.bottom, other.bottom)
