"""What a YOLO dataset says of its splits: data.yaml, and text files that list images."""

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gan.augment.dataset import Outputs, not_there, split_name
from gan.images import IMAGE_SUFFIXES
from gan.system.failures import Failure

Lines = list[tuple[bytes, Path | None]]
"""A list's lines with their ends, and the images that they name."""


@dataclass(frozen=True)
class Description:
    """What data.yaml says."""

    splits: Mapping[Path, frozenset[str]] | None = None
    """Of each image; None where it names no splits."""
    lists: frozenset[Path] = frozenset()
    """The text files that it names."""
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
    splits, named, remarks = defaultdict[Path, set[str]](set), set[Path](), list[Failure]()
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
                continue
            if (root / place).is_file():
                named.add(place)
                lines = lists(root, [place], images).get(place, [])
                found = [image for _, image in lines if image]
            else:
                found = [image for image in images if image.is_relative_to(place)]
            for image in found:
                splits[image].add(name)
            if not found:
                remarks.append(Failure(root / path, f"{key}: {entry} leads to no image"))
    frozen = {image: frozenset(names) for image, names in splits.items()}
    return Description(frozen, frozenset(named), "kpt_shape" in content, tuple(remarks))


def find(root: Path, folder: Path, base: str, entry: str) -> Path | None:
    """A path of data.yaml below the root."""
    places = candidates(roots(root), folder, base, entry)
    return next((place for place in places if os.path.exists(root / place)), None)


def roots(root: Path) -> tuple[Path, ...]:
    """What a path in the dataset may begin with, as given first."""
    return tuple(dict.fromkeys((root, root.absolute(), root.resolve())))


def candidates(roots: Sequence[Path], folder: Path, base: str, entry: str) -> Iterator[Path]:
    """Where a path may lie below the root: by `path`, by its file's own folder, or as Roboflow's
    `../train/images`, which lies beside the file."""
    shorn = re.sub(r"^(\.\./)+", "", entry.replace("\\", "/"))
    for text in dict.fromkeys((os.path.join(base, entry), entry, shorn)):
        resolved = Path(os.path.normpath(roots[0] / folder / text))
        yield from (resolved.relative_to(root) for root in roots if resolved.is_relative_to(root))


def missing(
    root: Path, others: Sequence[Path], images: Sequence[Path], named: Collection[Path]
) -> Iterator[Failure]:
    """Name lines of images that are not there, in lists that data.yaml names and in those of which
    another line's image is there."""
    for path, lines in lists(root, others, images, named).items():
        for number, (line, image) in enumerate(lines, 1):
            name = image_name(line)
            if name and not image and not name.startswith("#"):
                yield not_there(root / path, number, name)


def lists(
    root: Path, others: Sequence[Path], images: Sequence[Path], named: Collection[Path] = ()
) -> dict[Path, Lines]:
    """The text files that are `named`, or in which a line is the path of an image."""
    found = {}
    known, starts = set(images), roots(root)
    for path in others:
        if path.suffix != ".txt":
            continue
        lines = [
            (line, image_of(starts, path.parent, line, known))
            for line in (root / path).read_bytes().splitlines(keepends=True)
        ]
        if path in named or any(image for _, image in lines):
            found[path] = lines
    return found


def image_name(line: bytes) -> str | None:
    """The path in a line; None where it is no image's."""
    text = os.fsdecode(line.removeprefix(b"\xef\xbb\xbf")).strip()
    return text if os.path.splitext(text)[1].lower() in IMAGE_SUFFIXES else None


def image_of(
    roots: Sequence[Path], folder: Path, line: bytes, known: Collection[Path]
) -> Path | None:
    """The image that a line names, by the list's own folder, the root, or absolutely."""
    if (name := image_name(line)) is None:
        return None
    places = (place for start in (folder, Path()) for place in candidates(roots, start, "", name))
    return next((place for place in places if place in known), None)


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
