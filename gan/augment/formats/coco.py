"""COCO: JSON files of images and annotations, bound together by ids."""

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan.augment.dataset import (
    Box,
    Dataset,
    Format,
    Item,
    Outputs,
    assemble,
    list_files,
    split_name,
    split_of,
)
from gan.system.failures import Failure

Record = dict[str, Any]


@dataclass(frozen=True)
class Sheet:
    """One JSON file."""

    path: Path
    content: Record
    images: tuple[Path | None, ...]
    """The file of every record in `images`; None where there is none."""

    @property
    def splits(self) -> frozenset[str]:
        """By the words of the file's name (instances_train2017), else by its folder."""
        words = [split_name(word) for word in re.split(r"[\W_]+", self.path.stem)]
        return frozenset(filter(None, words)) or split_of(self.path)


def read(root: Path) -> Dataset:
    """The images that a JSON file names, with their boxes; all others are carried as they are."""
    files = list_files(root)
    remarks: list[Failure] = []
    sheets = read_sheets(root, files.others, files.images, remarks)
    if not sheets:
        raise ValueError(f"{root}: no JSON file with COCO's lists `images` and `annotations`")
    splits, boxes = defaultdict[Path, set[str]](set), defaultdict[Path, list[Box]](list)
    annotated = set[Path]()
    for sheet in sheets:
        for image in filter(None, sheet.images):
            splits[image] |= sheet.splits
        for image, found in sheet_boxes(root, sheet, remarks).items():
            boxes[image] += found
        annotated |= annotated_images(sheet)
    items = [
        Item(
            image,
            frozenset(splits[image]),
            boxes=tuple(dict.fromkeys(boxes[image])),
            labelled=image in annotated,
        )
        for image in splits
    ]
    remarks += [
        Failure(root / image, "in no JSON file: carried as it is")
        for image in files.images
        if image not in splits
    ]
    return assemble(root, files, items, remarks)


def read_sheets(
    root: Path, others: Sequence[Path], images: Sequence[Path], remarks: list[Failure]
) -> list[Sheet]:
    """The COCO files; JSON that cannot be read is named, JSON of another kind is passed over."""
    known, sheets = set(images), []
    for path in others:
        if path.suffix.lower() != ".json":
            continue
        try:
            content = json.loads((root / path).read_bytes().decode("utf-8-sig"))
        except ValueError as error:
            remarks.append(Failure(root / path, f"no JSON, carried as it is: {error}"))
            continue
        if is_coco(content):
            sheets.append(Sheet(path, content, find_images(path, content["images"], known)))
            remarks += missing(root, sheets[-1])
    return sheets


def is_coco(content: Any) -> bool:
    """Whether the lists that we work on are there, and lists of records."""
    if not isinstance(content, dict) or not isinstance(content.get("images"), list):
        return False
    records = [*content["images"], *(content.get("annotations") or [])]
    return all(isinstance(record, dict) for record in records)


def find_images(path: Path, records: Sequence[Record], known: set[Path]) -> tuple[Path | None, ...]:
    """The file of every record, in the folder below which most of them are found."""
    names = [str(record.get("file_name", "")) for record in records]
    words = path.stem.split("_")  # instances_train2017 -> train2017
    folders = [path.parent, Path(), Path("images")]
    folders += [Path(start, word) for word in reversed(words) for start in ("", "images")]
    places = [[place(folder, name) for name in names] for folder in folders]
    best = max(places, key=lambda found: sum(image in known for image in found))
    return tuple(image if image in known else None for image in best)


def place(folder: Path, name: str) -> Path:
    """Where a file_name, written with / or \\, lies below the root."""
    return Path(os.path.normpath(folder / name.replace("\\", "/")))


def missing(root: Path, sheet: Sheet) -> Iterator[Failure]:
    """Name records without an image."""
    lost = [
        str(record.get("file_name"))
        for record, image in zip(sheet.content["images"], sheet.images, strict=True)
        if image is None
    ]
    for name in lost:
        yield Failure(root / sheet.path, f"names {name}, which is not in the dataset")


def sheet_boxes(root: Path, sheet: Sheet, remarks: list[Failure]) -> dict[Path, list[Box]]:
    """The boxes of a file's annotations; what is broken is named."""
    records = dict[Any, tuple[Record, Path | None]]()
    for record, image in zip(sheet.content["images"], sheet.images, strict=True):
        if record.get("id") in records:
            remarks.append(Failure(root / sheet.path, f"image id {record.get('id')} stands twice"))
        records[record.get("id")] = record, image
    boxes = defaultdict[Path, list[Box]](list)
    for annotation in annotations(sheet.content):
        record, image = records.get(annotation.get("image_id"), ({}, None))
        about = f"annotation {annotation.get('id')}"
        if not record:
            remarks.append(Failure(root / sheet.path, f"{about} is of no image"))
        elif image and "bbox" in annotation:
            try:
                boxes[image].append(read_box(annotation["bbox"], record))
            except (ValueError, TypeError):
                reason = f"{about}: bbox should be [x, y, width, height] in pixels"
                remarks.append(Failure(root / sheet.path, reason))
    return boxes


def annotated_images(sheet: Sheet) -> set[Path]:
    """The images of which an annotation speaks."""
    ids = {annotation.get("image_id") for annotation in annotations(sheet.content)}
    records = zip(sheet.content["images"], sheet.images, strict=True)
    return {image for record, image in records if image and record.get("id") in ids}


def annotations(content: Record) -> list[Record]:
    """None in a file of unlabelled images."""
    return content.get("annotations") or []


def read_box(values: Sequence[float], record: Record) -> Box:
    """A bbox, as shares of the size that the image's record states where it does."""
    x, y, width, height = (float(value) for value in values)
    across, down = record.get("width"), record.get("height")
    if across and down:
        return Box(x / across, y / down, (x + width) / across, (y + height) / down, relative=True)
    return Box(x, y, x + width, y + height)


def rewrite(dataset: Dataset, outputs: Outputs) -> Iterator[tuple[Path, bytes]]:
    """The JSON files whose images come or go; ids of what is new are larger than all before."""
    images = [item.image for item in dataset.items]
    sheets = read_sheets(dataset.root, dataset.others, images, [])
    ids = image_ids(sheets, outputs)
    numbers = iter(range(largest(sheets, "annotations") + 1, 2**62))
    for sheet in sheets:
        if any(image and outputs[image] != (image,) for image in sheet.images):
            content = rewritten(sheet, outputs, ids, numbers)
            yield sheet.path, encoded(content, (dataset.root / sheet.path).read_bytes())


def largest(sheets: Sequence[Sheet], key: str) -> int:
    """The largest number among the ids of a list, of all files together."""
    ids = (record.get("id") for sheet in sheets for record in sheet.content.get(key) or [])
    return max((number for number in ids if isinstance(number, int)), default=0)


def image_ids(sheets: Sequence[Sheet], outputs: Outputs) -> dict[Path, int]:
    """A new id for every new image, the same in all files that name it."""
    new = sorted(
        (name for image, names in outputs.items() for name in names if name != image),
        key=Path.as_posix,
    )
    start = largest(sheets, "images") + 1
    return {name: start + number for number, name in enumerate(new)}


def rewritten(
    sheet: Sheet, outputs: Outputs, ids: Mapping[Path, int], numbers: Iterator[int]
) -> Record:
    """The content with a record for each output of an image, and its annotations with it."""
    copies = defaultdict[Any, list[Any]](list)
    """Ids of the outputs by the id of the source; the source's own among them while it is there."""
    images, written = [], set[Path]()
    for record, image in zip(sheet.content["images"], sheet.images, strict=True):
        for output in outputs[image] if image else (None,):
            same = output == image
            new = record if same or not output else renamed(record, output, ids[output])
            if same or output is None or output not in written:  # two records may name one file
                images.append(new)
            if output:
                written.add(output)
            copies[record.get("id")].append(new.get("id"))
    new_annotations = []
    for annotation in annotations(sheet.content):
        source = annotation.get("image_id")
        for target in copies.get(source, [source]):
            own = target == source
            new_annotations.append(annotation if own else copied(annotation, target, numbers))
    gone = {record.get("id") for record in sheet.content["images"]} - copies.keys()
    new_annotations = [each for each in new_annotations if each.get("image_id") not in gone]
    lists = {"images": images, "annotations": new_annotations}
    return {key: lists.get(key, value) if value else value for key, value in sheet.content.items()}


def renamed(record: Record, output: Path, number: int) -> Record:
    """An image's record under the name of its output, in the folder that it stands in."""
    name = str(record["file_name"])
    folder = name[: max(name.rfind("/"), name.rfind("\\")) + 1]
    return record | {"id": number, "file_name": folder + output.name}


def copied(annotation: Record, image: Any, numbers: Iterator[int]) -> Record:
    own = {"id": next(numbers)} if "id" in annotation else {}
    return annotation | own | {"image_id": image}


def encoded(content: Record, original: bytes) -> bytes:
    """JSON, indented as the original is."""
    indent = re.match(rb"(?:\xef\xbb\xbf)?\s*\{\r?\n( +)", original)
    text = json.dumps(content, ensure_ascii=False, indent=len(indent[1]) if indent else None)
    return text.encode("utf-8", "surrogatepass") + b"\n" * original.endswith(b"\n")


FORMAT = Format(read, rewrite, "an annotation's image_id must be the id of an image's record")
