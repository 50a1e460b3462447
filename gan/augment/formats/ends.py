"""Match paths that were written on another machine to the dataset's images, by their ends."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path

from gan.augment.dataset import split_words

Splits = frozenset[str]
Parts = tuple[str, ...]

FOUND = "{} and similar paths: matched only by the names of files or the ends of paths"
"""The remark about such matches; {} is the first path."""


def by_ends(
    lost: Mapping[Path, Sequence[str]],
    splits: Mapping[Path, Splits],
    images: Iterable[Path],
    owners: Mapping[Path, Splits],
) -> dict[Path, list[Path | None]]:
    """Return, for each list, the image that each of its paths matches, or None if it is not unique.

    `lost` maps each list to its paths, `splits` each list to its splits, and `owners` images of
    other lists to their splits. A path matches the image with the longest common end of paths; of
    several, the one below the list's folder. If several paths match one image, the one with the
    longest common end keeps it; if two tie, none does.

    A path's splits are those in the names of its folders, or else its list's. An image in `owners`
    matches only a path with one of its splits. Any other image matches unless its folders name
    another split than the path's.
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
    """Return whether an image may match a path; `named` are the path's splits, else its list's."""
    own = owners[image] if image in owners else _split(image.parts[:-1])
    shared = not _whole(named).isdisjoint(_whole(own))
    return shared or (image not in owners and not (named and own))


def _split(folders: Sequence[str]) -> Splits:
    """Return the splits in the name of the innermost folder that names any."""
    return next(filter(None, map(split_words, reversed(folders))), frozenset())


def _whole(splits: Splits) -> Splits:
    """Return splits, with train and val added if trainval is one of them."""
    return splits | {"train", "val"} if "trainval" in splits else splits


def _common(parts: Parts, image: Path) -> int:
    """Return the number of parts in the common end of a path and an image's path."""
    pairs = zip(reversed(parts), reversed(image.parts), strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
