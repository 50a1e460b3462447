"""What a YOLO dataset says of its splits: data.yaml, and text files that list images."""

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gan.augment.dataset import Outputs, split_name
from gan.images import IMAGE_SUFFIXES
from gan.library.report import Failure

Lines = list[tuple[bytes, Path | None]]
"""A list's lines with their ends, and the images that they name."""


@dataclass(frozen=True)
class Description:
    """What data.yaml says."""

    splits: Mapping[Path, frozenset[str]] | None = None
    """Of each image; None where it names no splits."""
    keypoints: bool = False
    remarks: tuple[Failure, ...] = ()


def described(root: Path, others: Sequence[Path], images: Sequence[Path]) -> Description:
    """The splits of all images, by the first YAML file that names folders or lists of them."""
    for path in sorted(others, key=lambda path: (len(path.parts), path.as_posix())):
        if path.suffix not in (".yaml", ".yml"):
            continue
        try:
            content = yaml.safe_load((root / path).read_bytes().decode("utf-8-sig"))
        except (yaml.YAMLError, ValueError) as error:
            return Description(remarks=(Failure(root / path, f"no YAML: {error}"),))
        if isinstance(content, dict) and "train" in content:
            return splits_of(root, path, content, images)
    return Description()


def splits_of(
    root: Path, path: Path, content: dict[str, Any], images: Sequence[Path]
) -> Description:
    splits, remarks = defaultdict[Path, set[str]](set), list[Failure]()
    for key, value in content.items():
        name = split_name(str(key))
        if name is None or not value:
            continue
        for entry in value if isinstance(value, list) else [value]:
            place = find(root, path.parent, str(content.get("path") or ""), str(entry))
            if place is None:
                remarks.append(
                    Failure(root / path, f"{key}: {entry} is not inside the dataset: left out")
                )
            elif (root / place).is_file():
                listed = lists(root, [place], images).get(place, [])
                for image in [image for _, image in listed if image]:
                    splits[image].add(name)
            else:
                for image in (image for image in images if image.is_relative_to(place)):
                    splits[image].add(name)
    frozen = {image: frozenset(names) for image, names in splits.items()}
    return Description(frozen, "kpt_shape" in content, tuple(remarks))


def find(root: Path, folder: Path, base: str, entry: str) -> Path | None:
    """A path of data.yaml below the root: by `path`, the file's own folder, or as Roboflow's
    `../train/images`, which lies beside the file."""
    shorn = re.sub(r"^(\.\./)+", "", entry.replace("\\", "/"))
    for place in (root / folder / base / entry, root / folder / entry, root / folder / shorn):
        resolved = Path(os.path.normpath(place))
        for start in (root, root.absolute(), root.resolve()):
            if os.path.exists(resolved) and resolved.is_relative_to(start):
                return resolved.relative_to(start)
    return None


def lists(root: Path, others: Sequence[Path], images: Sequence[Path]) -> dict[Path, Lines]:
    """The text files in which a line is the path of an image."""
    found = {}
    known = set(images)
    for path in others:
        if path.suffix != ".txt":
            continue
        lines = (root / path).read_bytes().splitlines(keepends=True)
        named = [(line, image_of(root, path.parent, line, known)) for line in lines]
        if any(image for _, image in named):
            found[path] = named
    return found


def image_of(root: Path, folder: Path, line: bytes, known: set[Path]) -> Path | None:
    """The image that a line names, by the list's own folder, the root, or absolutely."""
    text = os.fsdecode(line.removeprefix(b"\xef\xbb\xbf")).strip()
    if Path(text).suffix.lower() not in IMAGE_SUFFIXES:
        return None
    place = find(root, folder, "", text) or find(root, Path(), "", text)
    return place if place in known else None


def relisted(
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


def rewritten_yaml(root: Path, path: Path, content: bytes) -> bytes:
    """A YAML file whose `path` and absolute paths do not lead back to the source.

    Without `path` a trainer looks beside the file. One that is relative to the file stays.
    """
    text = os.fsdecode(content)
    line = re.compile(r"^path[ \t]*:[ \t]*(?P<value>[^#\r\n]*?)[ \t]*(?:#[^\r\n]*)?(?=\r?$)", re.M)
    if found := line.search(text):
        value = found["value"].strip("'\"")
        if Path(value).is_absolute() or find(root, path.parent, "", value or ".") is None:
            text = text[: found.start()] + "# " + text[found.start() :]
    for start in dict.fromkeys((root.absolute(), root.resolve())):
        text = re.sub(rf"(?<=[\s'\"\[,]){re.escape(start.as_posix())}/", "", text)
    return os.fsencode(text)
