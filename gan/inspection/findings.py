"""From observations to findings: faults, which fail, and remarks, which do not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from typing import Literal

from gan.config.choices import Range
from gan.domains import DOMAINS
from gan.inspection.duplicates import find_copies
from gan.inspection.options import InspectOptions
from gan.inspection.statistics import differences, numbers
from gan.inspection.survey import SPLITS, ImageFacts, Place, Survey

Listing = Literal["details", "names", "count"]


@dataclass(frozen=True)
class Kind:
    """A kind of finding."""

    fault: bool
    meaning: str
    """With the names of options in braces."""
    listing: Listing = "names"
    """What is printed of its files: each with its detail, the names of a few, or their number."""


KINDS = {
    "unreadable": Kind(
        True, "cannot be read to the end, or above {max_megapixels:g} megapixels", "details"
    ),
    "empty": Kind(True, "a folder without images", "details"),
    "leakage": Kind(
        True, "in training and in test; mirrored copies too, as training mirrors", "details"
    ),
    "duplicate": Kind(True, "twice in one folder, mirrored copies too", "details"),
    "tiny": Kind(True, "a side below {min_side} pixels", "details"),
    "aspect": Kind(True, "one side more than {max_aspect:g} times the other", "details"),
    "outside": Kind(
        True, "numbers that no picture holds; training has to be told their range", "details"
    ),
    "difference": Kind(False, "what tells A from B without being style", "details"),
    "few": Kind(False, "a training folder of less than {min_images} images", "details"),
    "range": Kind(
        False, "numbers that leave most of 16 bits empty; a range spreads them over all", "details"
    ),
    "ranges": Kind(
        False, "test images with other numbers than the training images have", "details"
    ),
    "shared": Kind(False, "in A and in B: nothing of the style can be learned from it"),
    "grey": Kind(False, "gray in a folder of color"),
    "color": Kind(False, "color in a folder of gray"),
    "plain": Kind(False, "of one color: nothing to learn from; compared by equal pixels only"),
    "unnamed": Kind(False, "an image by its content, skipped because its name does not show it"),
    "animated": Kind(False, "several frames or pages; the first is taken"),
    "suffix": Kind(False, "another format than its name has", "count"),
    "profile": Kind(False, "a color profile other than sRGB", "count"),
    "cmyk": Kind(False, "for print, converted to sRGB", "count"),
    "alpha": Kind(False, "transparent, put on white", "count"),
    "deep": Kind(False, "more than 8 bits a channel", "count"),
    "rotated": Kind(False, "turned by EXIF", "count"),
}
"""In the order in which they are reported: faults, remarks, and what training reads as it should
be, of which the number is all that is printed."""
ROUGH = 100
"""A span of numbers from which on whole ones are proposed as the ends of a range."""


@dataclass(frozen=True)
class Finding:
    """One thing about one file or folder."""

    kind: str
    """A key of KINDS."""
    path: Path
    detail: str
    other: Path | None = None
    """The picture that it is a copy of."""

    @property
    def fault(self) -> bool:
        """Whether it makes the exit status 1."""
        return KINDS[self.kind].fault


def find_all(survey: Survey, options: InspectOptions) -> list[Finding]:
    """Return all findings, by the order of KINDS, and then of folders and names."""
    copies = find_copies(survey.images, options.max_megapixels)
    found = [
        *(Finding("unreadable", path, reason) for path, reason in survey.unreadable),
        *(Finding("unnamed", path, size) for path, size in survey.unnamed),
        *(Finding("empty", path, line.removeprefix(f"{path}: ")) for path, line in survey.empty),
        *(Finding(kind, later.path, how, earlier.path) for kind, later, earlier, how in copies),
        *_about_domains(survey),
        *_about_splits(survey),
    ]
    for place in survey.places:
        found += _about_folder(place, survey.of(place), options)
    order = list(KINDS)
    return sorted(found, key=lambda finding: order.index(finding.kind))


def _about_folder(
    place: Place, images: list[ImageFacts], options: InspectOptions
) -> Iterator[Finding]:
    """Yield findings on single images, and on their number."""
    greys = sum(image.grey for image in images)
    rare_grey = 2 * greys <= len(images)
    for image in images:
        width, height = image.traits.size
        size = f"{width}x{height}"
        if min(width, height) < options.min_side:
            yield Finding("tiny", image.path, size)
        if max(width, height) > options.max_aspect * min(width, height):
            yield Finding("aspect", image.path, size)
        if image.grey == rare_grey and 0 < greys < len(images):
            share = f"{greys} of {len(images)} images are gray"
            yield Finding("grey" if image.grey else "color", image.path, share)
        if image.plain:
            yield Finding("plain", image.path, "one color")
        for trait, word in image.traits.unusual.items():
            yield Finding(trait, image.path, word)
    yield from _about_numbers(place, images)
    if place.split == "train" and 0 < len(images) < options.min_images:
        yield Finding("few", place.folder, f"{len(images)} images")


def _about_numbers(place: Place, images: list[ImageFacts]) -> Iterator[Finding]:
    """Yield whether a folder's numbers need a range, and which."""
    deep = [image.traits for image in images if image.traits.numbers]
    if (needed := _range_of(images)) is None:
        return
    key = f"--data.range_{place.domain} '{list(needed)}'"
    count = f"{len(deep)} of {len(images)} images"
    rest = "; the others have 8 bits, and a range would change them, too"
    rest = rest if len(deep) < len(images) else ""
    if any(traits.outside for traits in deep):
        text = f"{count} have values from {needed[0]} to {needed[1]}"
        yield Finding("outside", place.folder, f"{text}: {key}{rest}")
    else:
        high = max(traits.numbers[1] for traits in deep if traits.numbers)
        bits = (round(needed[1]) + 1).bit_length() - 1
        text = f"{count} have values up to {high:g} of 65535: {bits} bits in 16"
        yield Finding("range", place.folder, f"{text}: {key}{rest}")


def _range_of(images: Sequence[ImageFacts]) -> Range | None:
    """Return the range that the numbers of images need; None where that of their type is right."""
    deep = [image.traits for image in images if image.traits.numbers]
    ends = [traits.numbers for traits in deep if traits.numbers]
    if any(traits.outside for traits in deep):
        low, high = min(low for low, _ in ends), max(high for _, high in ends)
        return (floor(low), ceil(high)) if high - low > ROUGH else (low, high)
    bits = [traits.bits or 0 for traits in deep]
    fewest, most = min(bits, default=0), max(bits, default=0)
    return (0, 2**most - 1) if fewest else None


def _fit(found: Range | None, known: Range | None) -> bool:
    """Return whether numbers fit a range, but for a tenth of it at either end."""
    if found is None or known is None:
        return found == known
    margin = (known[1] - known[0]) / 10
    return known[0] - margin <= found[0] and found[1] <= known[1] + margin


def _about_splits(survey: Survey) -> Iterator[Finding]:
    """Yield whether the test images of a domain need another range than its training images."""
    for train in survey.places:
        for test in survey.places:
            pair = [survey.of(place) for place in (train, test)]
            if (train.split, test.split) != ("train", "test") or train.domain != test.domain:
                continue
            ours, theirs = map(_range_of, pair)
            if all(pair) and not _fit(theirs, ours):
                named = [str(list(one)) if one else "none" for one in (theirs, ours)]
                detail = f"its numbers need another range ({named[0]}) than {train.folder.name}'s"
                yield Finding("ranges", test.folder, f"{detail} ({named[1]}): one must hold both")


def _about_domains(survey: Survey) -> Iterator[Finding]:
    """Yield how A and B differ: in training, or else in test."""
    for split in SPLITS:
        pair = [place for place in survey.places if place.split == split]
        seen = [survey.of(place) for place in pair]
        if len(pair) == len(DOMAINS) and all(seen):
            for sentence in differences(*map(numbers, seen)):
                yield Finding("difference", pair[1].folder, sentence)
            return
