"""Turn image facts into findings: faults make the exit status 1, remarks do not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from typing import Literal

from gan.config.choices import Range
from gan.domains import DOMAINS
from gan.images.marks import ADVICE
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
    """An explanation for users; names of options in braces are replaced by their values."""
    listing: Listing = "names"
    """How its files are printed: each with its detail, the names of a few, or their number."""


KINDS = {
    "unreadable": Kind(True, "damaged, or larger than {max_megapixels:g} megapixels", "details"),
    "empty": Kind(True, "a folder without images", "details"),
    "leakage": Kind(
        True, "in training and in test; mirrored copies count, as training mirrors", "details"
    ),
    "duplicate": Kind(True, "twice in one folder; mirrored copies count", "details"),
    "tiny": Kind(True, "a side below {min_side} pixels", "details"),
    "aspect": Kind(True, "one side more than {max_aspect:g} times the other", "details"),
    "outside": Kind(
        True, "values outside the range of their type; training requires a range", "details"
    ),
    "difference": Kind(False, "A and B differ in more than style", "details"),
    "few": Kind(False, "a training folder with fewer than {min_images} images", "details"),
    "range": Kind(
        False, "values that use few of 16 bits; set a range to use all of them", "details"
    ),
    "ranges": Kind(
        False, "test images with another range of values than the training images", "details"
    ),
    "shared": Kind(False, "in A and in B: such images teach nothing about the style"),
    "grey": Kind(False, "gray in a folder of color images"),
    "color": Kind(False, "color in a folder of gray images"),
    "plain": Kind(False, "a single color: nothing to learn from; compared by equal pixels only"),
    "generated": Kind(False, ADVICE),
    "unnamed": Kind(False, "an image by its content, skipped because of its suffix"),
    "animated": Kind(False, "several frames or pages; the first is used"),
    "suffix": Kind(False, "in another format than the suffix says", "count"),
    "profile": Kind(False, "a color profile other than sRGB", "count"),
    "cmyk": Kind(False, "for print, converted to sRGB", "count"),
    "alpha": Kind(False, "transparent, composited on white", "count"),
    "deep": Kind(False, "more than 8 bits per channel", "count"),
    "rotated": Kind(False, "rotated by EXIF", "count"),
}
"""In the order of the report: faults, remarks, and kinds that training reads correctly, of which
only the number is printed."""
ROUGH = 100
"""Ranges wider than this are proposed with integer ends."""


@dataclass(frozen=True)
class Finding:
    """A fault or a remark about a file or folder."""

    kind: str
    """A key of KINDS."""
    path: Path
    detail: str
    other: Path | None = None
    """The image of which `path` is a copy."""

    @property
    def fault(self) -> bool:
        """Whether the finding makes the exit status 1."""
        return KINDS[self.kind].fault


def find_all(survey: Survey, options: InspectOptions) -> list[Finding]:
    """Return all findings, sorted by the order of KINDS, then by folder and name."""
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
    """Yield findings about a folder: its single images, their values and their number."""
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
    """Yield a finding if a folder's pixel values need a range, with the option that sets it."""
    deep = [image.traits for image in images if image.traits.numbers]
    if (needed := _range_of(images)) is None:
        return
    key = f"--data.range_{place.domain} '{list(needed)}'"
    count = f"{len(deep)} of {len(images)} images"
    rest = "; the others have 8 bits, and the range would apply to them, too"
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
    """Return the range that the images' values need; None if the range of their type is right."""
    deep = [image.traits for image in images if image.traits.numbers]
    ends = [traits.numbers for traits in deep if traits.numbers]
    if any(traits.outside for traits in deep):
        low, high = min(low for low, _ in ends), max(high for _, high in ends)
        return (floor(low), ceil(high)) if high - low > ROUGH else (low, high)
    bits = [traits.bits or 0 for traits in deep]
    fewest, most = min(bits, default=0), max(bits, default=0)
    return (0, 2**most - 1) if fewest else None


def _fit(found: Range | None, known: Range | None) -> bool:
    """Return whether `found` is inside `known`, widened at each end by a tenth of its width.

    None fits only None.
    """
    if found is None or known is None:
        return found == known
    margin = (known[1] - known[0]) / 10
    return known[0] - margin <= found[0] and found[1] <= known[1] + margin


def _about_splits(survey: Survey) -> Iterator[Finding]:
    """Yield a finding per domain whose test images need another range than the training images."""
    for train in survey.places:
        for test in survey.places:
            pair = [survey.of(place) for place in (train, test)]
            if (train.split, test.split) != ("train", "test") or train.domain != test.domain:
                continue
            ours, theirs = map(_range_of, pair)
            if all(pair) and not _fit(theirs, ours):
                named = [str(list(one)) if one else "none" for one in (theirs, ours)]
                detail = f"its values need another range ({named[0]}) than {train.folder.name}'s"
                yield Finding("ranges", test.folder, f"{detail} ({named[1]}): use one for both")


def _about_domains(survey: Survey) -> Iterator[Finding]:
    """Yield findings about how A and B differ: their training images, or else their test images."""
    for split in SPLITS:
        pair = [place for place in survey.places if place.split == split]
        seen = [survey.of(place) for place in pair]
        if len(pair) == len(DOMAINS) and all(seen):
            for sentence in differences(*map(numbers, seen)):
                yield Finding("difference", pair[1].folder, sentence)
            return
