"""YOLO: a text file of boxes for every image, and a data.yaml that names folders or lists.

Or darknet's obj.data, as CVAT writes it.
"""

import math
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

from gan.augment.dataset import (
    Box,
    Dataset,
    Files,
    Format,
    Item,
    Outputs,
    joined,
    split_name,
    split_of,
    swapped,
)
from gan.images import IMAGE_SUFFIXES
from gan.system.yaml_text import parse_yaml

YAML = (".yaml", ".yml")
DARKNET = ".data"

Splits = Mapping[Path, frozenset[str]]
"""Of each image."""
Lines = list[tuple[bytes, Path | None]]
"""A list's lines with their ends, and the images that they name."""


def _find_items(files: Files) -> list[Item]:
    """The images with their text files, in labels/ for images/, or beside them.

    Splits are those of data.yaml or, without one, of the folders.
    """
    texts = {path for path in files.others if path.suffix == ".txt"}
    inside = {path for path in files.images if "images" in path.parts[:-1]}
    labelled = inside | {path for path in files.images if beside(path) in texts}
    images = [path for path in files.images if not inside or path in labelled]
    splits, named, keypoints = _described(files)
    items, boxes = [], dict[Path, tuple[Box, ...]]()
    for image in images:
        path = next((path for path in places(image) if path in texts), None)
        if path is None:
            files.remark("no label file: an image without objects", image)
            items.append(Item(image, splits[image], labelled=False))
        else:
            if path not in boxes:
                boxes[path] = files.parse(path, partial(_read_boxes, keypoints=keypoints), "") or ()
            items.append(Item(image, splits[image], (path,), boxes[path]))
    others = tuple(sorted(texts - boxes.keys(), key=Path.as_posix))
    _name_missing(replace(files, others=others), named)
    for path in others:
        if "labels" in path.parts[:-1] or _looks_like_boxes(files.root / path):
            files.remark("labels without an image", path)
    return items


def places(image: Path) -> list[Path]:
    """Where the text file of an image may lie."""
    text = beside(image)
    if "images" not in image.parts[:-1]:
        return [text]
    return [swapped(text, "images", "labels"), text]


def beside(image: Path) -> Path:
    """The text file beside an image."""
    return image.with_suffix(".txt")


def _read_boxes(content: bytes, keypoints: bool = False) -> tuple[Box, ...]:
    """The boxes of a text file; ValueError where it cannot be understood."""
    return tuple(
        _read_box(line.split(), number, keypoints)
        for number, line in enumerate(content.decode("utf-8-sig").splitlines(), 1)
        if line.strip()
    )


def _read_box(words: list[str], number: int, keypoints: bool) -> Box:
    """A box out of `class x y width height`, or around the polygon `class x y x y x y ...`."""
    right = f"line {number}: should be a class and x y width height, or a polygon, each from 0 to 1"
    try:
        _, *values = (float(word) for word in words)
    except ValueError:
        raise ValueError(right) from None
    if len(values) < 4 or not all(math.isfinite(value) for value in values):
        raise ValueError(right)
    if len(values) >= 6 and len(values) % 2 == 0 and not keypoints:
        xs, ys = values[::2], values[1::2]
        edges = (min(xs), min(ys), max(xs), max(ys))
    else:
        x, y, width, height = values[:4]
        edges = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    # Half a pixel over the edge is rounding; labels in pixels are far beyond.
    if min(edges) < -0.05 or max(edges) > 1.05:
        raise ValueError(right)
    return Box(*edges, relative=True)


def _looks_like_boxes(path: Path) -> bool:
    """Whether a text file that belongs to no image has lines of a class and a box."""
    try:
        return bool(_read_boxes(path.read_bytes()))
    except ValueError:
        return False


def _described(files: Files) -> tuple[Splits, frozenset[Path], bool]:
    """The splits of all images, by the first data.yaml or obj.data that names folders or lists.

    Without one, by the images' folders. With them the lists that it names, and whether labels have
    keypoints. ValueError where what it names leads to no image: all would be training images.
    """
    paths = [path for path in files.others if path.suffix in (*YAML, DARKNET)]
    for path in sorted(paths, key=lambda path: (len(path.parts), path.as_posix())):
        parser = _read_darknet if path.suffix == DARKNET else _read_yaml
        content = files.parse(path, parser, "cannot be read: ")
        if content is None:
            break
        if isinstance(content, dict) and "train" in content:
            splits, named = _splits_of(files, path, content)
            if not any(splits.values()):
                tried = f"train: {content['train']}"
                raise ValueError(f"{files.root / path}: {tried}: leads to no image of the dataset")
            return splits, named, "kpt_shape" in content
    return {image: split_of(image) for image in files.images}, frozenset(), False


def _read_yaml(text: bytes) -> Any:
    return parse_yaml(text) or {}


def _read_darknet(text: bytes) -> dict[str, str]:
    """Return the values of a darknet file, KEY = VALUE in every line."""
    lines = (line.partition("=") for line in text.decode("utf-8-sig").splitlines())
    return {key.strip(): value.strip() for key, _, value in lines if value.strip()}


def _splits_of(files: Files, path: Path, content: dict[str, Any]) -> tuple[Splits, frozenset[Path]]:
    """The splits of a data.yaml, and the lists that it names; what leads nowhere is a remark."""
    splits, named = defaultdict[Path, frozenset[str]](frozenset), set[Path]()
    lists = _lists(files)
    for key, value in content.items():
        name = split_name(str(key))
        if name is None or not value:
            continue
        for entry in value if isinstance(value, list) else [value]:
            base, text = str(content.get("path") or ""), str(entry)
            place = _find(files.root, path.parent, base, text)
            place = place or _find_end(files.root, path.parent, text)
            if place is None:
                files.remark(f"{key}: {entry} is not inside the dataset: left out", path)
                continue
            if (files.root / place).is_file():
                named.add(place)
                found = [image for _, image in lists.get(place, []) if image]
            else:
                found = [image for image in files.images if image.is_relative_to(place)]
            for image in found:
                splits[image] |= {name}
            if not found:
                files.remark(f"{key}: {entry} leads to no image", path)
    return splits, frozenset(named)


def _find(root: Path, folder: Path, base: str, entry: str) -> Path | None:
    """A path of data.yaml below the root."""
    places = _candidates(roots(root), folder, base, entry)
    return next((place for place in places if os.path.exists(root / place)), None)


def _find_end(root: Path, folder: Path, entry: str) -> Path | None:
    """What the end of a path means that was written elsewhere; None where nothing is so called.

    A file, or a folder of two names or of a split's: there may be many called images.
    """
    parts = Path(entry.replace("\\", "/")).parts
    ends = (Path(*parts[start:]) for start in range(1, len(parts)))
    for end in (place / end for end in ends for place in (folder, Path())):
        named = len(end.parts) > 1 or split_name(end.name)
        if ".." not in end.parts and ((root / end).is_file() or (named and (root / end).is_dir())):
            return end
    return None


def roots(root: Path) -> tuple[Path, ...]:
    """What a path in the dataset may begin with, as given first."""
    return tuple(dict.fromkeys((root, root.absolute(), root.resolve())))


def _candidates(roots: Sequence[Path], folder: Path, base: str, entry: str) -> Iterator[Path]:
    """Where a path may lie below the root: by `path`, by its file's own folder, or as Roboflow's
    `../train/images`, which lies beside the file."""
    shorn = re.sub(r"^(\.\./)+", "", entry.replace("\\", "/"))
    for text in dict.fromkeys((os.path.join(base, entry), entry, shorn)):
        resolved = Path(os.path.normpath(roots[0] / folder / text))
        yield from (resolved.relative_to(root) for root in roots if resolved.is_relative_to(root))


def _name_missing(files: Files, named: Collection[Path]) -> None:
    """Name lines of images that are not there, in lists that data.yaml names and in those of which
    another line's image is there."""
    for path, lines in _lists(files, named).items():
        for number, (line, image) in enumerate(lines, 1):
            name = _image_name(line)
            if name and not image and not name.startswith("#"):
                files.not_there(path, number, name)


def _lists(files: Files, named: Collection[Path] = ()) -> dict[Path, Lines]:
    """The text files that are `named`, or in which a line is the path of an image.

    Where no path of a list leads to an image, as on another machine, the ends of paths say which
    are meant, but for images that another list has.
    """
    found = dict[Path, Lines]()
    known, starts = set(files.images), roots(files.root)
    for path in (path for path in files.others if path.suffix == ".txt"):
        read = (files.root / path).read_bytes().splitlines(keepends=True)
        found[path] = [(line, _image_of(starts, path.parent, line, known)) for line in read]
    free = known - {image for lines in found.values() for _, image in lines}
    by_name = defaultdict[str, list[Path]](list)
    for image in sorted(free):
        by_name[image.name].append(image)
    for path, lines in found.items():
        if not any(image for _, image in lines):
            found[path] = [(line, _by_end(line, by_name)) for line, _ in lines]
    return {
        path: lines
        for path, lines in found.items()
        if path in named or any(image for _, image in lines)
    }


def _by_end(line: bytes, by_name: Mapping[str, Sequence[Path]]) -> Path | None:
    """The one image whose path has most in common with the end of a line's; None for several."""
    parts = (_image_name(line) or "").replace("\\", "/").split("/")
    same = by_name.get(parts[-1], [])

    def common(image: Path) -> int:
        pairs = zip(reversed(parts), reversed(image.parts), strict=False)
        return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))

    most = max(map(common, same), default=0)
    best = [image for image in same if common(image) == most]
    return best[0] if len(best) == 1 else None


def _image_name(line: bytes) -> str | None:
    """The path in a line; None where it is no image's."""
    text = os.fsdecode(line.removeprefix(b"\xef\xbb\xbf")).strip()
    return text if os.path.splitext(text)[1].lower() in IMAGE_SUFFIXES else None


def _image_of(
    roots: Sequence[Path], folder: Path, line: bytes, known: Collection[Path]
) -> Path | None:
    """The image that a line names, by the list's own folder, the root, or absolutely."""
    if (name := _image_name(line)) is None:
        return None
    places = (place for start in (folder, Path()) for place in _candidates(roots, start, "", name))
    return next((place for place in places if place in known), None)


def _relisted(
    root: Path, path: Path, line: bytes, image: Path | None, outputs: Outputs
) -> list[bytes]:
    """A line for each output of its image, in its own style; absolute paths become relative."""
    if image is None:
        return [line]
    text = os.fsdecode(line)
    if Path(text.strip()).is_absolute():
        relative = Path(os.path.relpath(root / image, root / path.parent)).as_posix()
        text = text.replace(text.strip(), f"./{relative}")
    before, _, after = text.rpartition(image.name)
    return [os.fsencode(before + output.name + after) for output in outputs[image]]


def _rewritten_yaml(root: Path, path: Path, content: bytes) -> bytes:
    """A YAML file whose `path` and absolute paths do not lead back to the source.

    Without `path` a trainer looks beside the file. One that is relative to the file stays.
    """
    text = os.fsdecode(content)
    if found := re.search(r"^path[ \t]*:(?P<value>[^#\r\n]*)", text, re.M):
        value = found["value"].strip().strip("'\"")
        if Path(value).is_absolute() or _find(root, path.parent, "", value or ".") is None:
            text = text[: found.start()] + "# " + text[found.start() :]
    for start in dict.fromkeys((root.absolute(), root.resolve())):
        text = re.sub(rf"(?<=[\s'\"\[,]){re.escape(start.as_posix())}/", "", text)
    return os.fsencode(text)


def _rewrite(dataset: Dataset, outputs: Outputs) -> Iterator[tuple[Path, bytes]]:
    """data.yaml without paths that lead back to the source; lists of the images that are there."""
    for path in dataset.others:
        if path.suffix in YAML:
            old = (dataset.root / path).read_bytes()
            if (new := _rewritten_yaml(dataset.root, path, old)) != old:
                yield path, new
    for path, lines in _lists(dataset.files).items():
        yield (
            path,
            joined(_relisted(dataset.root, path, line, image, outputs) for line, image in lines),
        )


FORMAT = Format(
    _find_items,
    "a text file must have its image's stem and lie in labels/ for images/, or beside the image",
    _rewrite,
)
