"""LabelMe: a JSON file of shapes for each image, which names it in `imagePath`."""

import json
import math
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gan.augment.dataset import Box, Dataset, Files, Format, Item, Outputs, renamed, split_of
from gan.augment.formats.ends import FOUND, by_ends
from gan.images import IMAGE_SUFFIXES


def _find_items(files: Files) -> list[Item]:
    """Return the images with the JSON files that name them, in the same folder or elsewhere."""
    contents, labels = dict[Path, Any](), defaultdict[Path, list[Path]](list)
    for path in (path for path in files.others if path.suffix.lower() == ".json"):
        content = files.parse(path, json.loads, "invalid JSON, copied unchanged: ")
        if _is_labelme(content):
            contents[path] = content
    for path, image in _images_of(files, contents).items():
        if image is None:
            files.remark(f"names {contents[path]['imagePath']}, which is not in the dataset", path)
        elif image.stem != path.stem:
            files.remark(f"its name differs from {image.name}: copied unchanged", path)
        else:
            labels[image].append(path)
    if not contents:
        raise ValueError(f"{files.root}: no JSON file with LabelMe's `shapes` and `imagePath`")
    items = []
    for image in files.images:
        own = tuple(labels[image])
        boxes = [box for path in own for box in _read_boxes(files, path, contents[path])]
        if not own:
            files.remark("no JSON file names it", image)
        items.append(Item(image, split_of(image), own, tuple(boxes), labelled=bool(own)))
    return items


def _is_labelme(content: Any) -> bool:
    if not isinstance(content, dict) or not isinstance(content.get("imagePath"), str):
        return False
    shapes = content.get("shapes")
    return isinstance(shapes, list) and all(isinstance(shape, dict) for shape in shapes)


def _images_of(files: Files, contents: Mapping[Path, Any]) -> dict[Path, Path | None]:
    """Return the image that each file names, or None.

    If no path leads to an image, all were probably written on another machine: match their ends.
    """
    known = {*files.images}
    names = {path: content["imagePath"].replace("\\", "/") for path, content in contents.items()}
    found = {path: _image_of(path, name, known) for path, name in names.items()}
    if any(found.values()):
        return found
    splits = {path: split_of(path) for path in names}
    meant = by_ends({path: [name] for path, name in names.items()}, splits, files.images, {})
    if path := next((path for path, (image,) in meant.items() if image), None):
        files.remark(FOUND.format(names[path]), path)
    return {path: image for path, (image,) in meant.items()}


def _image_of(path: Path, name: str, known: set[Path]) -> Path | None:
    """Return the image that a JSON file names, else the one next to it with its stem, or None."""
    places = (path.parent / name, path.parent / name.rpartition("/")[2])
    found = [place for place in (Path(os.path.normpath(p)) for p in places) if place in known]
    suffixes = (each for suffix in sorted(IMAGE_SUFFIXES) for each in (suffix, suffix.upper()))
    beside = (path.with_suffix(suffix) for suffix in suffixes)
    return found[0] if found else next((image for image in beside if image in known), None)


def _read_boxes(files: Files, path: Path, content: dict[str, Any]) -> Iterator[Box]:
    """Yield the boxes around the shapes, in pixels; add remarks about invalid shapes."""
    for number, shape in enumerate(content["shapes"], 1):
        try:
            points = [(float(x), float(y)) for x, y in shape["points"]]
            if shape.get("shape_type") == "circle":
                (x, y), edge = points
                radius = math.dist((x, y), edge)
                points = [(x - radius, y - radius), (x + radius, y + radius)]
            if not all(math.isfinite(value) for point in points for value in point):
                raise ValueError("not a number")
            xs, ys = zip(*points, strict=True)
            kind = str(shape["label"]) if shape.get("label") else None
            yield Box(min(xs), min(ys), max(xs), max(ys), kind=kind)
        except (ValueError, TypeError, KeyError, OverflowError):
            files.remark(f"shape {number}: points must be [[x, y], ...] in pixels", path)


def _rewrite(dataset: Dataset, outputs: Outputs) -> Iterator[tuple[Path, bytes]]:
    """Yield (path, content) of JSON files that change: the image's name is new, `imageData` null.

    `imageData` may hold the original image. Without it, LabelMe reads the image file.
    """
    for item in dataset.items:
        for label in item.labels:
            old = (dataset.root / label).read_bytes()
            content = json.loads(old)
            for output in outputs[item.image]:
                new = dict(content)
                if output != item.image:
                    before, _, after = content["imagePath"].rpartition(item.image.name)
                    new["imagePath"] = before + output.name + after
                if content.get("imageData"):
                    new["imageData"] = None
                if new != content:
                    text = json.dumps(new, ensure_ascii=False, indent=2)
                    place = renamed(item, label, output.stem)
                    yield place, text.encode("utf-8", "surrogatepass")


FORMAT = Format(
    _find_items, "a JSON file with `shapes` must name the image in `imagePath`", _rewrite
)
