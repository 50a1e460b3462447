"""Paths that were written on another machine: which images here their ends mean."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path

from gan.augment.dataset import split_words

Splits = frozenset[str]
Parts = tuple[str, ...]

FOUND = "{} and the like: found by the names of files alone, or by the ends of paths"
"""A remark on what was found so; the place is for the first path."""


def by_ends(
    lost: Mapping[Path, Sequence[str]],
    splits: Mapping[Path, Splits],
    images: Iterable[Path],
    owners: Mapping[Path, Splits],
) -> dict[Path, list[Path | None]]:
    """Return the image that every path of some lists means; None where that is not sure.

    It is the one whose path has most in common with the end of this path, then the one below the
    list's folder, and means no other path as much. `splits` are those of the lists. `owners` are
    images that something else names, with its splits: such an image is meant only in one of them,
    and any other not where its folders say another split than the path's or, without such, the
    list's.
    """
    by_name = defaultdict[str, list[Path]](list)
    for image in images:
        by_name[image.name].append(image)
    claims = defaultdict[Path, dict[Parts, int]](dict)

    def meant(path: Path, parts: Parts) -> Path | None:
        named = _split(parts[:-1]) or splits.get(path, frozenset())
        same = [i for i in by_name.get(parts[-1], ()) if _fits(i, named, owners)]
        most = max((_common(parts, image) for image in same), default=0)
        best = [image for image in same if _common(parts, image) == most]
        near = [image for image in best if image.is_relative_to(path.parent)]
        if len(best := near or best) != 1:
            return None
        claims[best[0]][parts] = most
        return best[0]

    def alone(image: Path | None, parts: Parts) -> bool:
        own = claims[image] if image else {}
        return [other for other in own if own[other] == max(own.values())] == [parts]

    read = {path: [tuple(name.split("/")) for name in names] for path, names in lost.items()}
    found = {path: [meant(path, parts) for parts in lines] for path, lines in read.items()}
    return {
        path: [i if alone(i, p) else None for i, p in zip(images, read[path], strict=True)]
        for path, images in found.items()
    }


def _fits(image: Path, named: Splits, owners: Mapping[Path, Splits]) -> bool:
    """Return whether an image may be meant in a split."""
    own = owners[image] if image in owners else _split(image.parts[:-1])
    shared = not _whole(named).isdisjoint(_whole(own))
    return shared or (image not in owners and not (named and own))


def _split(folders: Sequence[str]) -> Splits:
    """Return the splits in the innermost folder's name that has any."""
    return next(filter(None, map(split_words, reversed(folders))), frozenset())


def _whole(splits: Splits) -> Splits:
    """Return splits with those that trainval is made of."""
    return splits | {"train", "val"} if "trainval" in splits else splits


def _common(parts: Parts, image: Path) -> int:
    """Return how many names a path and an image's path have in common at their ends."""
    pairs = zip(reversed(parts), reversed(image.parts), strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
