"""Pascal VOC: JPEGImages, an XML file for each image in Annotations, lists in ImageSets.

XML files may also be next to the images, as labelImg writes them, or in annotations/ for images/.
"""

import os
import re
import xml.etree.ElementTree as ET
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path, PureWindowsPath
from xml.sax.saxutils import escape

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
    swapped,
)

IMAGES = "JPEGImages"
BESIDE = ("annotations", "Annotations", "xmls")
"""Names of folders with XML files; they replace `images` on the images' paths."""
MASKS = ("SegmentationClass", "SegmentationObject")
NAME = re.compile(rb"(<(?:filename|path)>)([^<]+)(</)")
"""Matches the tags in which an XML file names its image."""

Lists = dict[Path, list[tuple[bytes, list[Path]]]]
"""The list files of ImageSets, as pairs of a line, with its line break, and the images it names."""


def _find_items(files: Files) -> list[Item]:
    """Return the images with their XML files, masks and splits.

    These are the images of every JPEGImages below the root; without such a folder, all images.
    ValueError if these have no XML files either.
    """
    images, there = _images_of(files), {*files.images, *files.others}
    if not images and any(_xml_of(image, there) for image in files.images):
        return _find_beside(files)
    if not images:
        raise ValueError(
            f"{files.root}: no folder {IMAGES} with images in it next to Annotations, and no XML "
            "file next to an image"
        )
    found = _lists(files)
    splits = _read_splits(found)
    _name_missing(files, found)
    items = []
    for image in images:
        base = image.parent.parent
        xmls = _either_case(base / "Annotations" / f"{image.stem}.xml")
        masks = [base / folder / f"{image.stem}.png" for folder in MASKS]
        labels = [path for path in (*xmls, *masks) if path in there]
        boxes: tuple[Box, ...] | None = None
        if labels and _is_xml(labels[0]):
            boxes = files.parse(labels[0], _read_boxes, "cannot be read as VOC's XML: ")
        elif not labels:
            files.remark(f"no Annotations/{image.stem}.xml", image)
        mask = next((path for path in labels if path.suffix == ".png"), None)
        items.append(Item(image, splits[image], tuple(labels), boxes or (), mask, bool(labels)))
    strangers = sorted(there - {path for item in items for path in item.labels}, key=Path.as_posix)
    files.remark(
        "labels without an image",
        *(
            path
            for path in strangers
            if path.parent.name in ("Annotations", *MASKS)
            and (_is_xml(path) or path.suffix == ".png")
        ),
    )
    return items


def _find_beside(files: Files) -> list[Item]:
    """Return the images with the XML files next to them or in annotations/ for images/."""
    others, items = {*files.others}, []
    for image in files.images:
        xml = _xml_of(image, others)
        if xml is None:
            files.remark(f"no {image.stem}.xml", image)
            items.append(Item(image, split_of(image), labelled=False))
        else:
            boxes = files.parse(xml, _read_boxes, "cannot be read as VOC's XML: ")
            items.append(Item(image, split_of(image), (xml,), boxes or ()))
    own = {label for item in items for label in item.labels}
    strangers = (path for path in files.others if _is_xml(path) and path not in own)
    files.remark("labels without an image", *strangers)
    return items


def _xml_of(image: Path, there: Collection[Path]) -> Path | None:
    """Return the path of the XML file of an image outside JPEGImages, or None."""
    xml = image.with_suffix(".xml")
    inside = "images" in image.parts[:-1]
    places = [xml, *(swapped(xml, "images", name) for name in BESIDE if inside)]
    return next((path for place in places for path in _either_case(place) if path in there), None)


def _either_case(xml: Path) -> tuple[Path, Path]:
    """Return the possible names of an XML file: with .xml and .XML."""
    return xml, xml.with_suffix(".XML")


def _is_xml(path: Path) -> bool:
    return path.suffix.lower() == ".xml"


def _images_of(files: Files) -> list[Path]:
    return [path for path in files.images if path.parent.name == IMAGES]


def _read_boxes(content: bytes) -> tuple[Box, ...]:
    """Return the boxes of an XML file, which counts pixels from 1; Box counts from 0."""
    boxes = list[Box]()
    for thing in ET.fromstring(content).iterfind("object"):
        kind = (thing.findtext("name") or "").strip() or None
        boxes += (_read_box(found, kind) for found in thing.iterfind("bndbox"))
    return tuple(boxes)


def _read_box(element: ET.Element, kind: str | None) -> Box:
    names = ("xmin", "ymin", "xmax", "ymax")
    try:
        left, top, right, bottom = (float(element.findtext(name) or "") for name in names)
    except ValueError:
        raise ValueError("bndbox must have numbers xmin, ymin, xmax, ymax") from None
    return Box(left - 1, top - 1, right, bottom, kind=kind)


def _read_splits(found: Lists) -> defaultdict[Path, frozenset[str]]:
    """Return the splits of each image, from the lists in the folder ImageSets (train.txt, ...)."""
    splits = defaultdict[Path, frozenset[str]](frozenset)
    for path, lines in found.items():
        if name := split_name(path.stem):
            for image in chain.from_iterable(images for _, images in lines):
                splits[image] |= {name}
    return splits


def _name_missing(files: Files, found: Lists) -> None:
    """Add remarks about lines that name images which are not in the dataset.

    Lists of classes and objects repeat the lines of splits. So their lines are reported only if no
    list of a split has them. Lists without any image of the dataset are skipped: they may list
    something else.
    """
    of_splits = {path: lines for path, lines in found.items() if split_name(path.stem)}
    told = set[tuple[Path, str]]()
    listed = {path: lines for path, lines in found.items() if any(images for _, images in lines)}
    for path, lines in (of_splits | listed).items():
        for number, (line, images) in enumerate(lines, 1):
            names = stems(line)[:1] if path in of_splits else stems(line)
            known = path not in of_splits and any((_home(path), name) in told for name in names)
            if not images and names[-1] and not names[-1].startswith("#") and not known:
                told.add((_home(path), names[-1]))
                files.not_there(path, number, names[-1])


def _home(path: Path) -> Path:
    """Return the folder that contains a list's ImageSets."""
    return Path(*path.parts[: path.parts.index("ImageSets")])


def _lists(files: Files) -> Lists:
    """Return all list files of ImageSets."""
    by_stem = defaultdict[tuple[Path, str], list[Path]](list)
    for image in _images_of(files):
        by_stem[image.parent.parent, image.stem].append(image)
    found = {}
    for path in files.others:
        if path.suffix == ".txt" and "ImageSets" in path.parts[:-1]:
            lines = (files.root / path).read_bytes().splitlines(keepends=True)
            found[path] = [(line, _named(by_stem, _home(path), line)) for line in lines]
    return found


def _named(by_stem: Mapping[tuple[Path, str], list[Path]], folder: Path, line: bytes) -> list[Path]:
    """Return the images that a line names, in the folder that contains the list's ImageSets."""
    found = (by_stem.get((folder, stem), []) for stem in stems(line))
    return next(filter(None, found), [])


def stems(line: bytes) -> list[str]:
    """Return the stems that a line may name: all of it, or the text before one or two numbers.

    `stem  -1` occurs in lists of classes, `stem 2` in lists of objects, `stem  2  -1` in lists of
    actions.
    """
    text = os.fsdecode(line.removeprefix(BOM_UTF8)).strip()
    without_one = _without_number(text)
    return [text, without_one, _without_number(without_one)]


def _without_number(text: str) -> str:
    """Return a text without its last word, if that is an integer."""
    before, *last = text.rsplit(None, 1) or [""]
    return before if last and last[0].removeprefix("-").isdecimal() else text


def _rewrite(dataset: Dataset, outputs: Outputs) -> Iterator[tuple[Path, bytes]]:
    """Yield (path, content) of lists, with the images of the output, and of new XML files."""
    for path, lines in _lists(dataset.files).items():
        yield path, relist(lines, partial(relisted, outputs=outputs))
    xmls = defaultdict[Path, list[Path]](list)
    for item in dataset.items:
        if any(output != item.image for output in outputs[item.image]):
            for label in filter(_is_xml, item.labels):
                xmls[label].append(item.image)
    for label, images in xmls.items():
        content = (dataset.root / label).read_bytes()
        # a.jpg and a.png share a.xml. The last copy is kept, which is for the image that it names.
        for image in sorted(images, key=lambda image: _names(content, image)):
            for output in (output for output in outputs[image] if output != image):
                yield label.with_stem(output.stem), _renamed(content, image, output)


def relisted(line: bytes, images: list[Path], outputs: Outputs) -> list[bytes]:
    """Return the line once for each stem that its images have in the output."""
    if not images:
        return [line]
    stems = dict.fromkeys(output.stem for image in images for output in outputs[image])
    old = os.fsencode(images[0].stem)
    return [line.replace(old, os.fsencode(stem), 1) for stem in stems]


def _names(content: bytes, image: Path) -> bool:
    """Return whether an XML file names an image, including its suffix."""
    return any(_last(found[2]) == escape(image.name) for found in NAME.finditer(content))


def _last(path: bytes) -> str:
    """Return the last part of a path that may use / or \\."""
    return PureWindowsPath(path.decode("utf-8", "surrogateescape").strip()).name


def _renamed(content: bytes, image: Path, output: Path) -> bytes:
    """Return an XML file with the image's name in filename and path replaced by the output's."""

    def name(found: re.Match[bytes]) -> bytes:
        old, last = found[2].decode("utf-8", "surrogateescape"), _last(found[2])
        if not last:
            return found[0]
        # Some files name the image without its suffix.
        new = escape(output.stem if last == escape(image.stem) else output.name)
        before, _, after = old.rpartition(last)
        return found[1] + (before + new + after).encode("utf-8", "surrogateescape") + found[3]

    return NAME.sub(name, content)


FORMAT = Format(
    _find_items,
    "JPEGImages/a.jpg requires Annotations/a.xml, images/a.jpg requires annotations/a.xml, any "
    "other a.jpg requires a.xml next to it",
    _rewrite,
)
