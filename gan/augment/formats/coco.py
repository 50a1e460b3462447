"""COCO: JSON files of images and annotations, bound together by ids."""

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from gan.augment.dataset import Box, Dataset, Files, Format, Item, Outputs, split_name, split_of

Record = dict[str, Any]


@dataclass(frozen=True)
class Sheet:
    """One JSON file."""

    path: Path
    content: Record
    images: list[tuple[Record, Path | None]]
    """The records in `images`, each with its file; None where there is none."""

    @property
    def annotations(self) -> list[Record]:
        """None in a file of unlabelled images."""
        return self.content.get("annotations") or []

    @property
    def splits(self) -> frozenset[str]:
        """By the words of the file's name (instances_train2017), else by its folder."""
        words = [split_name(word) for word in re.split(r"[\W_]+", self.path.stem)]
        return frozenset(filter(None, words)) or split_of(self.path)


def _find_items(files: Files) -> list[Item]:
    """The images that a JSON file names, with their boxes; all others are carried as they are."""
    sheets = _read_sheets(files)
    if not sheets:
        raise ValueError(f"{files.root}: no JSON file with COCO's lists `images` and `annotations`")
    splits, boxes = defaultdict[Path, set[str]](set), defaultdict[Path, list[Box]](list)
    annotated = set[Path]()
    for sheet in sheets:
        ids = {annotation.get("image_id") for annotation in sheet.annotations}
        for record, image in sheet.images:
            if image:
                splits[image] |= sheet.splits
            if image and record.get("id") in ids:
                annotated.add(image)
        for image, box in _sheet_boxes(files, sheet):
            boxes[image].append(box)
    files.remark(
        "in no JSON file: carried as it is",
        *(image for image in files.images if image not in splits),
    )
    return [
        Item(
            image,
            frozenset(splits[image]),
            boxes=tuple(dict.fromkeys(boxes[image])),
            labelled=image in annotated,
        )
        for image in splits
    ]


def _read_sheets(files: Files) -> list[Sheet]:
    """The COCO files; JSON that cannot be read is named, JSON of another kind is passed over."""
    known, sheets = set(files.images), []
    for path in (path for path in files.others if path.suffix.lower() == ".json"):
        content = files.parse(path, json.loads, "no JSON, carried as it is: ")
        if _is_coco(content):
            images = _find_images(path, content["images"], known)
            sheets.append(Sheet(path, content, images))
            for record, image in images:
                if image is None:
                    files.remark(
                        f"names {record.get('file_name')}, which is not in the dataset", path
                    )
    return sheets


def _is_coco(content: Any) -> bool:
    """Whether the lists that we work on are there, and lists of records."""
    if not isinstance(content, dict) or not isinstance(content.get("images"), list):
        return False
    records = [*content["images"], *(content.get("annotations") or [])]
    return all(isinstance(record, dict) for record in records)


def _find_images(
    path: Path, records: Sequence[Record], known: set[Path]
) -> list[tuple[Record, Path | None]]:
    """The file of every record, in the folder below which most of them are found."""
    names = [str(record.get("file_name", "")).replace("\\", "/") for record in records]
    words = path.stem.split("_")  # instances_train2017 -> train2017
    folders = [path.parent, Path(), Path("images")]
    folders += [Path(start, word) for word in reversed(words) for start in ("", "images")]
    places = [[Path(os.path.normpath(folder / name)) for name in names] for folder in folders]
    best = max(places, key=lambda found: sum(image in known for image in found))
    return [
        (record, image if image in known else None)
        for record, image in zip(records, best, strict=True)
    ]


def _sheet_boxes(files: Files, sheet: Sheet) -> Iterator[tuple[Path, Box]]:
    """The boxes of a file's annotations, each with its image; what is broken is named."""
    records = dict[Any, tuple[Record, Path | None]]()
    for record, image in sheet.images:
        if record.get("id") in records:
            files.remark(f"image id {record.get('id')} stands twice", sheet.path)
        records[record.get("id")] = record, image
    for annotation in sheet.annotations:
        record, image = records.get(annotation.get("image_id"), ({}, None))
        about = f"annotation {annotation.get('id')}"
        if not record:
            files.remark(f"{about} is of no image", sheet.path)
        elif image and "bbox" in annotation:
            try:
                yield image, _read_box(annotation["bbox"], record)
            except (ValueError, TypeError):
                files.remark(f"{about}: bbox should be [x, y, width, height] in pixels", sheet.path)


def _read_box(values: Sequence[float], record: Record) -> Box:
    """A bbox, as shares of the size that the image's record states where it does."""
    x, y, width, height = (float(value) for value in values)
    across, down = record.get("width"), record.get("height")
    if across and down:
        return Box(x / across, y / down, (x + width) / across, (y + height) / down, relative=True)
    return Box(x, y, x + width, y + height)


def _rewrite(dataset: Dataset, outputs: Outputs) -> Iterator[tuple[Path, bytes]]:
    """The JSON files whose images come or go; ids of what is new are larger than all before."""
    sheets = _read_sheets(dataset.files)
    added = (name for image, names in outputs.items() for name in names if name != image)
    free = count(_largest(sheets, "images") + 1)
    ids = dict(zip(sorted(added, key=Path.as_posix), free, strict=False))
    numbers = count(_largest(sheets, "annotations") + 1)
    for sheet in sheets:
        if any(image and outputs[image] != (image,) for _, image in sheet.images):
            original = (dataset.root / sheet.path).read_bytes()
            yield sheet.path, _encoded(_rewritten(sheet, outputs, ids, numbers), original)


def _largest(sheets: Sequence[Sheet], key: str) -> int:
    """The largest number among the ids of a list, of all files together."""
    ids = (record.get("id") for sheet in sheets for record in sheet.content.get(key) or [])
    return max((number for number in ids if isinstance(number, int)), default=0)


def _rewritten(
    sheet: Sheet, outputs: Outputs, ids: Mapping[Path, int], numbers: Iterator[int]
) -> Record:
    """The content with a record for each output of an image, and its annotations with it."""
    copies = defaultdict[Any, list[Any]](list)
    """Ids of the outputs by the id of the source; the source's own among them while it is there."""
    images, written = [], set[Path | None]()
    for record, image in sheet.images:
        targets = copies[record.get("id")]
        for output in outputs[image] if image else (None,):
            new = record
            if output and output != image:
                new = _renamed(record, output, ids[output])
            if new is record or output not in written:  # two records may name one file
                images.append(new)
            written.add(output)
            targets.append(new.get("id"))
    annotations = []
    for annotation in sheet.annotations:
        source = annotation.get("image_id")
        for target in copies.get(source, [source]):
            annotations.append(
                annotation if target == source else _copied(annotation, target, numbers)
            )
    lists = {"images": images, "annotations": annotations}
    return {key: lists.get(key, value) if value else value for key, value in sheet.content.items()}


def _renamed(record: Record, output: Path, number: int) -> Record:
    """An image's record under the name of its output, in the folder that it stands in."""
    name = str(record["file_name"])
    folder = name[: max(name.rfind("/"), name.rfind("\\")) + 1]
    return record | {"id": number, "file_name": folder + output.name}


def _copied(annotation: Record, image: Any, numbers: Iterator[int]) -> Record:
    own = {"id": next(numbers)} if "id" in annotation else {}
    return annotation | own | {"image_id": image}


def _encoded(content: Record, original: bytes) -> bytes:
    """JSON, indented as the original is."""
    indent = re.match(rb"(?:\xef\xbb\xbf)?\s*\{\r?\n( +)", original)
    text = json.dumps(content, ensure_ascii=False, indent=len(indent[1]) if indent else None)
    return text.encode("utf-8", "surrogatepass") + b"\n" * original.endswith(b"\n")


FORMAT = Format(
    _find_items, "an annotation's image_id must be the id of an image's record", _rewrite
)
