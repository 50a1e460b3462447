"""COCO: JSON files with images and annotations, which refer to each other by ids."""

import json
import math
import os
import re
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from gan.augment.dataset import Box, Dataset, Files, Format, Item, Outputs, split_of, split_words
from gan.augment.formats.ends import FOUND, by_ends

Record = dict[str, Any]
ADDRESSES = ("coco_url", "flickr_url")


@dataclass(frozen=True)
class Sheet:
    """A JSON file with the images that its records name."""

    path: Path
    content: Record
    images: list[tuple[Record, Path | None]]
    """The records in `images`, each with its file, or None if it is not in the dataset."""

    @property
    def annotations(self) -> list[Record]:
        """The annotations; empty in a file of unlabeled images."""
        return self.content.get("annotations") or []

    @property
    def categories(self) -> dict[Any, str]:
        """The names of the categories by their ids."""
        records = self.content.get("categories")
        known = [each for each in (records or ()) if isinstance(each, dict) and each.get("name")]
        return {_id(record): str(record["name"]) for record in known}


def _splits_of(path: Path) -> frozenset[str]:
    """Return the splits of a JSON file, from words of its name or else from its folders.

    For instance, instances_train2017 names the split train.
    """
    return split_words(path.stem) or split_of(path)


def _find_items(files: Files) -> list[Item]:
    """Return the images that the JSON files name, with their boxes; other images are copied."""
    sheets = _read_sheets(files)
    if not sheets:
        raise ValueError(f"{files.root}: no JSON file with COCO's lists `images` and `annotations`")
    splits, boxes = defaultdict[Path, set[str]](set), defaultdict[Path, list[Box]](list)
    annotated = set[Path]()
    for sheet in sheets:
        ids = {_id(annotation, "image_id") for annotation in sheet.annotations} - {None}
        for record, image in sheet.images:
            if image:
                splits[image] |= _splits_of(sheet.path)
            if image and _id(record) in ids:
                annotated.add(image)
        for image, box in _sheet_boxes(files, sheet):
            boxes[image].append(box)
    files.remark(
        "no JSON file names it: copied unchanged",
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
    """Return the COCO files, with remarks about unreadable JSON; other JSON files are skipped.

    ValueError if no record names an image of the dataset.
    """
    contents, known = dict[Path, Record](), {*files.images}
    for path in (path for path in files.others if path.suffix.lower() == ".json"):
        content = files.parse(path, json.loads, "invalid JSON, copied unchanged: ")
        if _is_coco(content):
            contents[path] = content
    found = {
        path: _find_images(path, content["images"], known) for path, content in contents.items()
    }
    lost = {path: content for path, content in contents.items() if not any(found[path])}
    owners = defaultdict[Path, frozenset[str]](frozenset)
    for path, own in found.items():
        for taken in filter(None, own):
            owners[taken] |= _splits_of(path)
    names = {path: [_named(record) for record in contents[path]["images"]] for path in lost}
    meant = by_ends(names, {path: _splits_of(path) for path in lost}, known, owners)
    sheets = []
    for path, content in contents.items():
        images = meant.get(path, found[path])
        if path in meant and any(images):
            files.remark(FOUND.format(names[path][0]), path)
        records = list(zip(content["images"], images, strict=True))
        sheets.append(Sheet(path, content, records))
        for record, image in records:
            if image is None:
                files.remark(f"names {_named(record)}, which is not in the dataset", path)
    named = [sheet for sheet in sheets if sheet.images]
    if named and not any(image for sheet in named for _, image in sheet.images):
        raise ValueError(_nothing_found(files, named[0].path, _named(named[0].images[0][0])))
    return sheets


def _nothing_found(files: Files, path: Path, name: str) -> str:
    """Return the error message for a JSON file if none of its images was found.

    It states where the first of them, `name`, was searched for.
    """
    places = ", ".join(dict.fromkeys(str(place) for place in _places(path, name)))
    same = sum(image.name == name.rpartition("/")[2] for image in files.images)
    return (
        f"{files.root / path}: none of its images is in the dataset. The first, {name}, was "
        f"searched for as {places}, and at all paths with the same end. Images of the dataset with "
        f"this file name: {same}"
    )


def _is_coco(content: Any) -> bool:
    """Return whether JSON content has lists `images` and perhaps `annotations`, both of records."""
    if not isinstance(content, dict) or not isinstance(content.get("images"), list):
        return False
    annotations = content.get("annotations") or []
    return isinstance(annotations, list) and all(
        isinstance(record, dict) for record in (*content["images"], *annotations)
    )


def _named(record: Record) -> str:
    """Return the file name in an image's record or, as LVIS has none, the end of its URL."""
    name = record.get("file_name")
    address = str(record.get("coco_url") or "")
    return str(name).replace("\\", "/") if name else "/".join(address.split("/")[-2:])


def _places(path: Path, name: str) -> list[Path]:
    """Return the possible paths of an image that the JSON file `path` calls `name`."""
    words = path.stem.split("_")  # instances_train2017 -> train2017
    folders = [path.parent, Path(), Path("images")]
    folders += [Path(start, word) for word in reversed(words) for start in ("", "images")]
    return [Path(os.path.normpath(folder / name)) for folder in folders]


def _find_images(
    path: Path, records: Sequence[Record], known: Container[Path]
) -> list[Path | None]:
    """Return each record's file in the folder that has most of them; None for files not in it."""
    places = zip(*(_places(path, _named(record)) for record in records), strict=True)
    best = max(places, key=lambda found: sum(image in known for image in found), default=())
    return [image if image in known else None for image in best]


def _id(record: Record, key: str = "id") -> int | float | str | None:
    """Return a record's id, or None if it is neither a number nor a string."""
    value = record.get(key)
    return value if isinstance(value, int | float | str) else None


def _sheet_boxes(files: Files, sheet: Sheet) -> Iterator[tuple[Path, Box]]:
    """Yield (image, box) for each box of a COCO file; add remarks on invalid records to `files`."""
    records = dict[Any, tuple[Record, Path | None]]()
    for record, image in sheet.images:
        if _id(record) is None:
            files.remark(f"{_named(record)}: its id is neither a number nor text", sheet.path)
        elif _id(record) in records:
            files.remark(f"image id {record.get('id')} occurs twice", sheet.path)
        records[_id(record)] = record, image
    records.pop(None, None)
    categories = sheet.categories
    for annotation in sheet.annotations:
        record, image = records.get(_id(annotation, "image_id"), ({}, None))
        about = f"annotation {annotation.get('id')}"
        if not record:
            files.remark(f"{about}: its image_id matches no image", sheet.path)
        elif image and "bbox" in annotation:
            try:
                kind = _kind(annotation, categories)
                yield image, _read_box(annotation["bbox"], record, kind)
            except (ValueError, TypeError, OverflowError):
                files.remark(f"{about}: bbox must be [x, y, width, height] in pixels", sheet.path)


def _kind(annotation: Record, categories: Mapping[Any, str]) -> str | None:
    """Return an annotation's category: its name, else its id; None for a crowd or without an id."""
    number = _id(annotation, "category_id")
    if number is None or annotation.get("iscrowd"):
        return None
    return categories.get(number, str(number))


def _read_box(values: Sequence[float], record: Record, kind: str | None) -> Box:
    """Return the box of a bbox: relative if the image's record states its size, else in pixels."""
    x, y, width, height = (float(value) for value in values)
    if not all(map(math.isfinite, (x, y, width, height))) or min(width, height) < 0:
        raise ValueError("not a box")
    across, down = record.get("width"), record.get("height")
    if across and down:
        shares = x / across, y / down, (x + width) / across, (y + height) / down
        return Box(*shares, relative=True, kind=kind)
    return Box(x, y, x + width, y + height, kind=kind)


def _rewrite(dataset: Dataset, outputs: Outputs) -> Iterator[tuple[Path, bytes]]:
    """Yield (path, content) of the JSON files whose images change; new ids exceed all others."""
    sheets = _read_sheets(dataset.files)
    added = (name for image, names in outputs.items() for name in names if name != image)
    first = _largest(sheets, "images") + 1
    ids = {name: first + at for at, name in enumerate(sorted(added, key=Path.as_posix))}
    numbers = count(_largest(sheets, "annotations") + 1)
    for sheet in sheets:
        if any(image and outputs[image] != (image,) for _, image in sheet.images):
            original = (dataset.root / sheet.path).read_bytes()
            yield sheet.path, _encoded(_rewritten(sheet, outputs, ids, numbers), original)


def _largest(sheets: Sequence[Sheet], key: str) -> int:
    """Return the largest numeric id in all files' lists `key` (images or annotations), or 0."""
    ids = (_id(record) for sheet in sheets for record in sheet.content.get(key) or [])
    texts = (str(value) for value in ids)
    return max((int(text) for text in texts if text.isdecimal() and len(text) < 1000), default=0)


def _rewritten(
    sheet: Sheet, outputs: Outputs, ids: Mapping[Path, int], numbers: Iterator[int]
) -> Record:
    """Return a file's content with a record and copies of the annotations for each output image."""
    copies = defaultdict[Any, list[Any]](list)
    """Ids of the outputs by the id of the source, which is one of them if the source is kept."""
    images, written = [], set[Path | None]()
    for record, image in sheet.images:
        targets = copies[_id(record)]
        for output in outputs[image] if image else (None,):
            new = record
            if output and output != image:
                new = _renamed(record, image, output, ids[output])
            if new is record or output not in written:  # two records may name one file
                images.append(new)
            written.add(output)
            targets.append(new.get("id"))
    annotations = []
    for annotation in sheet.annotations:
        source = _id(annotation, "image_id")
        for target in copies.get(source, [source]) if source is not None else [source]:
            annotations.append(
                annotation if target == source else _copied(annotation, target, numbers)
            )
    lists = {"images": images, "annotations": annotations}
    return {key: lists.get(key, value) if value else value for key, value in sheet.content.items()}


def _renamed(record: Record, image: Path | None, output: Path, number: int) -> Record:
    """Return an image's record with the name of its output, in the same folder, and a new id.

    URLs that end with the image's name get the output's name; other URLs are removed, because they
    lead to the original.
    """
    new = record | {"id": _like(record.get("id"), number)}
    for key in ("file_name", *ADDRESSES):
        name = str(new.get(key) or "")
        folder = name[: max(name.rfind("/"), name.rfind("\\")) + 1]
        if image and name == folder + image.name:
            new[key] = folder + output.name
        elif key in ADDRESSES:
            new.pop(key, None)
    return new


def _like(old: Any, number: int) -> int | str:
    """Return `number` as a new id: a string if the old id is a string."""
    return str(number) if isinstance(old, str) else number


def _copied(annotation: Record, image: Any, numbers: Iterator[int]) -> Record:
    own = {"id": _like(annotation["id"], next(numbers))} if "id" in annotation else {}
    return annotation | own | {"image_id": image}


def _encoded(content: Record, original: bytes) -> bytes:
    """Return the content as JSON, with the indentation of the original."""
    indent = re.match(rb"(?:\xef\xbb\xbf)?\s*\{\r?\n( +)", original)
    text = json.dumps(content, ensure_ascii=False, indent=len(indent[1]) if indent else None)
    return text.encode("utf-8", "surrogatepass") + b"\n" * original.endswith(b"\n")


FORMAT = Format(
    _find_items, "an annotation's image_id must be the id of an image's record", _rewrite
)
