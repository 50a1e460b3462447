"""Find the folders of a dataset, and decode every image once to collect facts about it."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gan.config.choices import Split
from gan.domains import DOMAINS, Domain
from gan.images import (
    Traits,
    find_images,
    nothing_found,
    read_size,
    read_with_traits,
    resize_square,
)
from gan.images.clips import SUFFIXES
from gan.images.color import LUMA_COLUMN
from gan.images.stacks import stack_pages
from gan.inspection.hashes import SIDE, Luma
from gan.system.progress import counted

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")
SPLITS: tuple[Split, ...] = ("train", "test")
LAYOUT = "trainA, trainB, testA and testB (any of them)"
THUMBNAIL = 64
"""Pixels per side of the thumbnail on which colors are measured."""
DRAFT = 2 * THUMBNAIL
"""Smallest side in pixels to which JPEGs are decoded."""
GREY = 8
"""Largest difference in levels between the channels of a gray image: JPEG tints a little."""
PLAIN = 4
"""Largest difference in levels between the darkest and the brightest pixel of a single-color
image."""
FRAME_WIDTH = 2
"""Smallest width of a frame in pixels of the thumbnail: a 32nd of the side."""


@dataclass(frozen=True)
class Place:
    """A folder of images and its part in training."""

    folder: Path
    split: Split = "train"
    domain: Domain = "a"


@dataclass(frozen=True)
class ImageFacts:
    """Measurements of a readable image."""

    path: Path
    place: Place
    traits: Traits
    luma: Luma
    """Gray thumbnail (32, 32)."""
    mean: NDArray[np.float64]
    """Means of red, green, blue and luminance, 0 to 255."""
    deviation: NDArray[np.float64]
    """Standard deviations of the same."""
    saturation: float
    """Mean of (max - min) / max over the pixels, 0 to 1."""
    grey: bool
    plain: bool
    """Whether the image has a single color."""
    framed: bool
    """Whether opposite edges are bars of one color."""


@dataclass
class Survey:
    """The contents of all folders, in the order of the folders and then of the names."""

    places: Sequence[Place]
    images: list[ImageFacts] = field(default_factory=list)
    unreadable: list[tuple[Path, str]] = field(default_factory=list)
    others: int = 0
    """Number of files that are images neither by suffix nor by content; clips are not counted."""
    clips: int = 0
    """Number of files with a suffix of a video. Training requires their frames as images."""
    unnamed: list[tuple[Path, str]] = field(default_factory=list)
    """Files that are images by content but not by suffix, with their sizes."""
    empty: list[tuple[Path, str]] = field(default_factory=list)
    """Folders without images, with a description of their contents."""

    def of(self, place: Place | None) -> list[ImageFacts]:
        """Return the readable images of a folder."""
        return [image for image in self.images if image.place == place]


def find_places(root: Path | None, a: Path | None, b: Path | None) -> list[Place]:
    """Return those of root's trainA, trainB, testA and testB that exist, or else root itself.

    Without root, return `a` and `b`. ValueError if root is given together with a or b, if nothing
    is given, or if one folder is, or is inside, another: its images would count as duplicates of
    themselves. `survey` reports missing folders.
    """
    if root is not None and (a or b):
        raise ValueError("give ROOT, or --a and --b, not both")
    if root is None:
        if not (a or b):
            raise ValueError(f"nothing to inspect: give ROOT with {LAYOUT}, or --a and --b")
        places = [Place(f, "train", d) for f, d in zip((a, b), DOMAINS, strict=True) if f]
    else:
        named = [
            Place(root / f"{split}{domain.upper()}", split, domain)
            for split in SPLITS
            for domain in DOMAINS
        ]
        places = [place for place in named if place.folder.exists()] or [Place(root)]
    for place, other in permutations(places, 2):
        if place.folder.resolve().is_relative_to(other.folder.resolve()):
            raise ValueError(
                f"{place.folder}: is the same as, or inside, {other.folder}; give separate folders"
            )
    return places


def layout_note(root: Path, places: Sequence[Place]) -> str | None:
    """Return a line about the folders that a root lacks for training; None if it has them."""
    if places[0].folder == root:
        return f"{root}: inspected as one folder; a dataset is a folder with {LAYOUT}"
    there = {place.domain for place in places if place.split == "train"}
    lacking = [f"train{domain.upper()}" for domain in DOMAINS if domain not in there]
    return f"{root}: no {' and no '.join(lacking)}" if lacking else None


def survey(places: Sequence[Place], max_megapixels: float) -> Survey:
    """Decode every image in the folders and below, in threads, with a progress bar on stderr."""
    result = Survey(places)
    jobs: list[tuple[Path, Place]] = []
    for place in places:
        found = find_images(place.folder)
        jobs += [(path, place) for path in found.images]
        result.unreadable += found.skipped
        sizes = [(path, _image_size(path)) for path in sorted(found.others)]
        result.unnamed += [(path, size) for path, size in sizes if size]
        unknown = [path for path, size in sizes if size is None]
        clips = sum(path.suffix.lower() in SUFFIXES for path in unknown)
        result.clips += clips
        result.others += len(unknown) - clips
        if not found.images and not found.skipped:
            result.empty.append((place.folder, nothing_found(place.folder, found)))
    outcomes = in_threads(lambda job: examine(*job, max_megapixels), jobs, "images")
    result.images = [one for one in outcomes if isinstance(one, ImageFacts)]
    result.unreadable += [one for one in outcomes if not isinstance(one, ImageFacts)]
    result.unreadable.sort()
    return result


def in_threads(function: Callable[[Job], Outcome], jobs: Sequence[Job], unit: str) -> list[Outcome]:
    """Return a function's result for each job, run in threads; `unit` names the jobs on stderr."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        try:
            return list(counted(threads.map(function, jobs), len(jobs), unit))
        finally:
            threads.shutdown(cancel_futures=True)  # Ctrl-C waits only for running jobs


def _image_size(path: Path) -> str | None:
    """Return WIDTHxHEIGHT of a file that begins like an image; None for other files."""
    if path.is_symlink() or not path.is_file():
        return None
    try:
        width, height = read_size(path, max_megapixels=float("inf"))
    except ValueError:
        return None
    return f"{width}x{height}"


def examine(
    path: Path, place: Place, max_megapixels: float, page: int = 0
) -> ImageFacts | tuple[Path, str]:
    """Decode an image, or a page of a stack; return its facts, or (path, why it is unreadable)."""
    try:
        if not page:
            stack_pages(path)  # all pages must be readable
        image, traits = read_with_traits(
            path, draft_size=DRAFT, max_megapixels=max_megapixels, page=page
        )
    except ValueError as error:
        return path, str(error).removeprefix(f"{path}: ")
    return measured(path, place, traits, image)


def measured(path: Path, place: Place, traits: Traits, image: Image.Image) -> ImageFacts:
    """Return the facts of an image in mode RGB."""
    small = resize_square(image, THUMBNAIL)
    pixels = np.asarray(small).astype(np.float64)
    channels = np.concatenate([pixels, pixels @ LUMA_COLUMN.astype(np.float64)], axis=2)
    brightest, darkest = pixels.max(2), pixels.min(2)
    plain = bool(np.ptp(pixels, axis=(0, 1)).max() <= PLAIN)
    return ImageFacts(
        path,
        place,
        traits,
        luma=np.asarray(small.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)),
        mean=channels.mean((0, 1)),
        deviation=channels.std((0, 1)),
        saturation=float(((brightest - darkest) / np.maximum(brightest, 1)).mean()),
        grey=bool((brightest - darkest).max() <= GREY),
        plain=plain,
        framed=not plain and _is_framed(pixels),
    )


def _is_framed(pixels: NDArray[np.float64]) -> bool:
    """Return whether two opposite edges of pixels (H, W, 3) are bars of one color."""
    across, down = (
        np.concatenate([turned[:FRAME_WIDTH], turned[-FRAME_WIDTH:]])
        for turned in (pixels, pixels.swapaxes(0, 1))
    )
    return any(np.ptp(bars, axis=(0, 1)).max() <= PLAIN for bars in (across, down))
