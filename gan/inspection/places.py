"""Which folders are inspected, and what they are to training."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gan.config.choices import Split
from gan.domains import DOMAINS, Domain

SPLITS: tuple[Split, ...] = ("train", "test")
LAYOUT = "trainA, trainB, testA and testB (any of them)"


@dataclass(frozen=True)
class Place:
    """A folder of images and its part in training."""

    folder: Path
    split: Split = "train"
    domain: Domain = "a"


def find_places(root: Path | None, a: Path | None, b: Path | None) -> list[Place]:
    """The folders of a dataset, or two named ones, or the root alone; training folders first.

    ValueError where a folder is missing or lies in another one: its images would be their own
    duplicates.
    """
    if root is not None and (a or b):
        raise ValueError("give ROOT, or --a and --b, not both")
    if root is None:
        if not (a or b):
            raise ValueError(f"nothing to inspect: give ROOT with {LAYOUT}, or --a and --b")
        places = [Place(f, "train", d) for f, d in zip((a, b), DOMAINS, strict=True) if f]
    else:
        if not root.is_dir():
            raise ValueError(f"{root}: {'not a folder' if root.exists() else 'no such folder'}")
        named = [
            Place(root / f"{split}{domain.upper()}", split, domain)
            for split in SPLITS
            for domain in DOMAINS
        ]
        places = [place for place in named if place.folder.exists()] or [Place(root)]
    for place in places:
        inside = place.folder.resolve()
        for other in places:
            if other is not place and inside.is_relative_to(other.folder.resolve()):
                raise ValueError(f"{place.folder}: is or lies in {other.folder}; give others")
    return places


def layout_note(root: Path, places: Sequence[Place]) -> str | None:
    """What a root lacks to be trained on, if anything."""
    if places[0].folder == root:
        return f"{root}: inspected as one folder; a dataset is a folder with {LAYOUT}"
    there = {place.domain for place in places if place.split == "train"}
    lacking = [f"train{domain.upper()}" for domain in DOMAINS if domain not in there]
    return f"{root}: no {' and no '.join(lacking)}" if lacking else None
