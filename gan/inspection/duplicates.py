"""Find images that occur twice: in one folder, in both domains, or in training and test."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from gan.images import ImageError, read_image
from gan.inspection.hashes import BITS, copies, details
from gan.inspection.survey import ImageFacts, Place

Relation = Literal["leakage", "duplicate", "shared"]
"""How an image relates to an earlier copy, the most serious relation first."""
Copy = tuple[Relation, ImageFacts, ImageFacts, str]
"""The relation, the image, the earlier image that it is a copy of, and how they match."""


def find_copies(images: Sequence[ImageFacts], max_megapixels: float) -> list[Copy]:
    """Return one entry for each image that copies an earlier one: its most serious relation.

    Relations are ordered leakage (training and test), duplicate (one folder), shared (A and B).
    Ties go to a copy in the same domain, then to equal pixels before near copies before mirrored
    copies, then to the earliest image. Images with the same name in testA and testB are intended
    pairs and are not reported.
    """
    near = {
        "near copy": near_copies(images),
        "mirrored copy": near_copies(images, mirrored=True),
    }
    links = [
        (0, later, earlier, "equal pixels")
        for later, earlier in _equal(images, near["near copy"], max_megapixels)
    ]
    for rank, (kind, pairs) in enumerate(near.items(), 1):
        links += [
            (rank, later, earlier, f"{kind}, {bits} of {BITS} bits differ")
            for later, earlier, bits in pairs
        ]
    ranked: dict[int, list[tuple[tuple[int, ...], Copy]]] = defaultdict(list)
    for rank, later, earlier, how in links:
        one, other = images[later], images[earlier]
        if relation := _related(one, other):
            across = one.place.domain != other.place.domain
            key = (get_args(Relation).index(relation), across, rank, earlier)
            ranked[later].append((key, (relation, one, other, how)))
    return [min(ranked[later], key=itemgetter(0))[1] for later in sorted(ranked)]


def near_copies(
    images: Sequence[ImageFacts], *, mirrored: bool = False
) -> list[tuple[int, int, int]]:
    """Return pairs (later, earlier, differing bits) of near copies, as indices into `images`.

    `mirrored` finds mirror images instead. Of images in one folder with equal thumbnails, only the
    first can be the earlier one of a pair: a thousand of them would otherwise give half a million
    pairs.
    """
    if not images:
        return []
    members: dict[tuple[Place, bytes], list[int]] = defaultdict(list)
    for index, image in enumerate(images):
        members[image.place, image.luma.tobytes()].append(index)
    groups = list(members.values())
    firsts = np.stack([images[group[0]].luma for group in groups])
    return [
        (member, groups[earlier][0], bits)
        for later, earlier, bits in copies(firsts, mirrored=mirrored)
        for member in groups[later]
    ] + [
        (member, group[0], 0)
        for group in groups
        if not mirrored and details(images[group[0]].luma[None]).any()
        for member in group[1:]
    ]


def _related(later: ImageFacts, earlier: ImageFacts) -> Relation | None:
    """Return the relation of an image to an earlier copy; None for intended test pairs."""
    one, other = later.place, earlier.place
    if one == other:
        return "duplicate"
    if one.split != other.split:
        return "leakage"
    names = {
        image.path.relative_to(image.place.folder).with_suffix("") for image in (later, earlier)
    }
    return None if one.split == "test" and len(names) == 1 else "shared"


def _equal(
    images: Sequence[ImageFacts], close: Iterable[tuple[int, int, int]], max_megapixels: float
) -> list[tuple[int, int]]:
    """Return pairs (later, earlier) of images with equal size and pixels, as indices.

    The earlier image is the first such image of its folder. Only the near copies `close` and images
    with equal thumbnails are decoded in full.
    """
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, image in enumerate(images):
        groups[image.traits.size, image.luma.tobytes()].append(index)
    wanted = {index for group in groups.values() if len(group) > 1 for index in group}
    for later, earlier, _ in close:
        if images[later].traits.size == images[earlier].traits.size:
            wanted |= {later, earlier}
    order = sorted(wanted)
    firsts: dict[str, dict[Place, int]] = defaultdict(dict)
    pairs: list[tuple[int, int]] = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        digests = threads.map(lambda index: _digest(images[index].path, max_megapixels), order)
        for index, found in zip(order, digests, strict=True):
            if found is not None:
                pairs += [(index, earlier) for earlier in firsts[found].values()]
                firsts[found].setdefault(images[index].place, index)
    return pairs


def _digest(path: Path, max_megapixels: float) -> str | None:
    """Return a SHA-256 of an image's size and pixels; None if the file is no longer readable."""
    try:
        image = read_image(path, max_megapixels=max_megapixels)
    except ImageError:
        return None
    return hashlib.sha256(repr(image.size).encode() + image.tobytes()).hexdigest()
