"""YOLO: a text file of boxes for every image, and a data.yaml that names folders or lists.

In place of data.yaml there may be darknet's obj.data, as CVAT writes it.
"""

import math
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

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
    split_words,
    swapped,
)
from gan.augment.formats.yolo_lists import (
    Lines,
    Splits,
    find,
    find_end,
    name_missing,
    read_lists,
    relisted,
    with_lost,
)
from gan.system.yaml_text import parse_yaml

YAML = (".yaml", ".yml")
DARKNET = ".data"


@dataclass(frozen=True)
class Entry:
    """A path listed in a data.yaml as a split or a part of one."""

    text: str
    split: str
    place: Path | None
    """The folder or list in the dataset to which it leads, or None."""

    def images(self, images: Iterable[Path], lists: Mapping[Path, Lines]) -> list[Path]:
        """Return the images below the folder, or in the list."""
        if self.place is None:
            return []
        listed = [image for _, image in lists.get(self.place, ()) if image]
        return listed + [image for image in images if image.is_relative_to(self.place)]


def _find_items(files: Files) -> list[Item]:
    """Return the images with their text files, in labels/ for images/, or next to the image.

    Splits come from data.yaml or, without one, from the names of lists and folders.
    """
    texts = {path for path in files.others if path.suffix == ".txt"}
    inside = {path for path in files.images if "images" in path.parts[:-1]}
    labelled = inside | {path for path in files.images if beside(path) in texts}
    images = [path for path in files.images if not inside or path in labelled]
    splits, lists, keypoints = _described(files)
    items, boxes = [], dict[Path, tuple[Box, ...]]()
    for image in images:
        path = next((path for path in places(image) if path in texts), None)
        if path is None:
            _check_no_link(files.root, image)
            files.remark("no label file: an image without objects", image)
            items.append(Item(image, splits[image], labelled=False))
        else:
            if path not in boxes:
                boxes[path] = files.parse(path, partial(_read_boxes, keypoints=keypoints), "") or ()
            items.append(Item(image, splits[image], (path,), boxes[path]))
    name_missing(files, {path: lines for path, lines in lists.items() if path not in boxes})
    for path in sorted(texts - boxes.keys(), key=Path.as_posix):
        if "labels" in path.parts[:-1] or _looks_like_boxes(files.root / path):
            files.remark("labels without an image", path)
    return items


def places(image: Path) -> list[Path]:
    """Return the possible paths of an image's text file."""
    text = beside(image)
    if "images" not in image.parts[:-1]:
        return [text]
    return [swapped(text, "images", "labels"), text]


def _check_no_link(root: Path, image: Path) -> None:
    """Raise ValueError if an image's label is a link that is not followed.

    Otherwise the image would count as one without objects.
    """
    for place in places(image):
        if os.path.lexists(root / place):
            raise ValueError(
                f"{root / place}: a link out of the folder, which is not followed; without it "
                f"{image} would be an image without objects: replace the link with the file"
            )


def beside(image: Path) -> Path:
    """Return the path of the text file next to an image."""
    return image.with_suffix(".txt")


def _read_boxes(content: bytes, keypoints: bool = False) -> tuple[Box, ...]:
    """Return the boxes in a label file; ValueError, with the line's number, for an invalid line.

    A polygon gives the box around it. With `keypoints`, only x, y, width and height of a line
    count.
    """
    return tuple(
        _read_box(line.split(), number, keypoints)
        for number, line in enumerate(content.decode("utf-8-sig").splitlines(), 1)
        if line.strip()
    )


def _read_box(words: list[str], number: int, keypoints: bool) -> Box:
    """Return the box of `class x y width height`, or around the polygon `class x y x y ...`."""
    right = f"line {number}: must be a class and x y width height, or a polygon, all from 0 to 1"
    try:
        kind, *values = (float(word) for word in words)
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
    # Half a pixel beyond the edge is rounding; labels in pixels exceed it by far.
    if min(edges) < -0.05 or max(edges) > 1.05:
        raise ValueError(right)
    return Box(*edges, relative=True, kind=f"{kind:g}")


def _looks_like_boxes(path: Path) -> bool:
    """Return whether a text file that belongs to no image has the lines of a label file."""
    try:
        return bool(_read_boxes(path.read_bytes()))
    except ValueError:
        return False


def _described(files: Files) -> tuple[Splits, dict[Path, Lines], bool]:
    """Return the splits of images, the lists of images, and whether labels have keypoints.

    Splits come from every data.yaml or obj.data that names folders or lists. Such files below the
    folder of another one are skipped; if two name an image, the first counts. Without such files,
    splits come from the names of lists and of images' folders. The lists are those named in such a
    file, and those that name an image. ValueError if such files exist but none leads to an image:
    otherwise all images would count as training images.
    """
    lists, splits = read_lists(files), dict[Path, frozenset[str]]()
    named, folders = set[Path](), list[Path]()
    faults, keypoints = list[str](), False
    paths = [path for path in files.others if path.suffix in (*YAML, DARKNET)]
    for path in sorted(paths, key=lambda path: (len(path.parts), path.as_posix())):
        if any(path.is_relative_to(folder) for folder in folders):
            continue
        parser = _read_darknet if path.suffix == DARKNET else _read_yaml
        content = files.parse(path, parser, "cannot be read: ")
        if content is None:
            faults.append(f"{files.root / path}: {files.remarks[-1].reason}")
        elif entries := _entries(files.root, path, content):
            found, read = _splits_of(files, path, entries, lists)
            if found:
                splits, lists = found | splits, read
                named |= {entry.place for entry in entries if entry.place}
                folders.append(path.parent)
                keypoints |= "kpt_shape" in content
            else:
                fault = f"{entries[0].text}: leads to no image of the dataset"
                faults.append(f"{files.root / path}: {fault}")
    if faults and not folders:
        raise ValueError(f"{faults[0]}: correct it, or move it out of the dataset")
    if not folders:
        lists = with_lost(files, lists, {}, {})
        splits = _by_names(files, lists)
    listing = {
        path: lines
        for path, lines in lists.items()
        if path in named or any(image for _, image in lines)
    }
    return defaultdict(frozenset, splits), listing, keypoints


def _by_names(files: Files, lists: Mapping[Path, Lines]) -> dict[Path, frozenset[str]]:
    """Return the splits of images, from the names of their lists or of their folders."""
    splits = defaultdict[Path, frozenset[str]](frozenset)
    for path, lines in lists.items():
        for image in (image for _, image in lines if image):
            splits[image] |= split_words(path.stem)
    return {image: splits[image] or split_of(image) for image in files.images}


def _read_yaml(text: bytes) -> Any:
    return parse_yaml(text) or {}


def _read_darknet(text: bytes) -> dict[str, str]:
    """Return the values of a darknet file with lines KEY = VALUE; empty for a binary file."""
    if b"\0" in text:  # the weights of an ONNX file may have this suffix, too
        return {}
    lines = (line.partition("=") for line in text.decode("utf-8-sig").splitlines())
    return {key.strip(): value.strip() for key, _, value in lines if value.strip()}


def _splits_of(
    files: Files, path: Path, entries: Iterable[Entry], lists: Mapping[Path, Lines]
) -> tuple[dict[Path, frozenset[str]], dict[Path, Lines]]:
    """Return splits by image, and `lists` with lost paths found again, for a data.yaml's entries.

    Add remarks about entries without images. Paths from another machine: see `with_lost`.
    """
    splits, named = (defaultdict[Path, frozenset[str]](frozenset) for _ in range(2))
    for entry in entries:
        if entry.place and entry.place in lists:
            named[entry.place] |= {entry.split}
        for image in entry.images(files.images, {}):
            splits[image] |= {entry.split}
    read = with_lost(files, lists, named, splits)
    for entry in entries:
        found = entry.images(files.images, read)
        for image in found:
            splits[image] |= {entry.split}
        if not entry.place:
            files.remark(f"{entry.text} is not inside the dataset: skipped", path)
        elif not found:
            files.remark(f"{entry.text} leads to no image", path)
    return splits, read


def _entries(root: Path, path: Path, content: Any) -> list[Entry]:
    """Return the entries of splits in a data.yaml; none for a file of another kind.

    If it has no `train`, other splits count only if they are strings or lists: `val: true` is a
    setting.
    """
    if not isinstance(content, dict):
        return []
    base, found = str(content.get("path") or ""), []
    for key, value in content.items():
        name = split_name(str(key))
        if name and (isinstance(value, str | list) or "train" in content):
            for text in map(str, filter(None, value if isinstance(value, list) else [value])):
                places = (find(root, folder, base, text) for folder in (path.parent, Path()))
                place = next(filter(None, places), None) or find_end(root, path.parent, text)
                found.append(Entry(f"{key}: {text}", name, place))
    return found


def _rewritten_yaml(root: Path, path: Path, content: bytes) -> bytes:
    """Return a YAML file's content, changed so that its paths do not lead to the source.

    `path` is commented out, so that trainers use the file's folder; it stays if it leads to another
    folder, relative to the file. Ultralytics would read "." as its working directory. Absolute
    paths below the root become relative.
    """
    text = os.fsdecode(content)
    if found := re.search(r"^path[ \t]*:(?P<value>[^#\r\n]*)", text, re.M):
        value = found["value"].strip().strip("'\"")
        here = not Path(value).parts
        if here or Path(value).is_absolute() or find(root, path.parent, "", value) is None:
            text = text[: found.start()] + "# " + text[found.start() :]
    for start in dict.fromkeys((root.absolute(), root.resolve())):
        text = re.sub(rf"(?<=[\s'\"\[,]){re.escape(start.as_posix())}/", "", text)
    return os.fsencode(text)


def _rewrite(dataset: Dataset, outputs: Outputs) -> Iterator[tuple[Path, bytes]]:
    """Yield (path, content) of YAML files, if they change, and of the lists of images."""
    for path in dataset.others:
        if path.suffix in YAML:
            old = (dataset.root / path).read_bytes()
            if (new := _rewritten_yaml(dataset.root, path, old)) != old:
                yield path, new
    _, lists, _ = _described(dataset.files)
    for path, lines in lists.items():
        yield path, relist(lines, partial(relisted, dataset.root, path, outputs))


FORMAT = Format(
    _find_items,
    "a text file must have its image's stem and be in labels/ for images/, or next to the image",
    _rewrite,
)
