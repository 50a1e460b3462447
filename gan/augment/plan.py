"""Plan the translations: images, models, strengths and names of the outputs."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from pathlib import Path

from gan.augment.dataset import Dataset, Item, renamed, split_name
from gan.augment.options import AugmentOptions


@dataclass(frozen=True)
class Task:
    """A translation of one image by one model."""

    item: Item
    output: Path
    """The path of the translation, relative to the output."""
    model: int
    """An index into the option `model`."""
    strength: float


def draw(seed: int, name: str, what: str) -> float:
    """Return a pseudorandom number in [0, 1) that depends only on the arguments."""
    text = f"{seed}\0{what}\0{name}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(text).digest()[:6]) / 2**48


def make_tasks(dataset: Dataset, config: AugmentOptions, mark: str) -> list[Task]:
    """Return a task for each translation, sorted by the names of their outputs.

    In mode add, the outputs' stems end in a suffix made of `mark`, such as _ab. ValueError as from
    `choose`.
    """
    suffix = free_suffix(dataset, mark)
    tasks = []
    for item, copy in _copies(choose(dataset, config.splits), config.ratio, config.seed):
        image = item.image.as_posix()
        output = item.image
        if config.mode == "add":
            number = f"_{copy + 1}" if copy else ""
            output = renamed(item, item.image, item.start + suffix + number)
        low, high = config.strengths()
        strength = low + (high - low) * draw(config.seed, f"{image}\0{copy}", "strength")
        tasks.append(Task(item, output, _model_of(config, image, copy), round(strength, 4)))
    return sorted(tasks, key=lambda task: task.output.as_posix())


def choose(dataset: Dataset, splits: Sequence[str]) -> list[Item]:
    """Return the items that are in one of the splits and in no other split (except trainval).

    In a dataset without splits, all are in train. ValueError if a split has no images, or if all
    its images are also in another split.
    """
    names = {split_name(split) or split: split for split in splits}
    there = sorted({name for item in dataset.items for name in item.splits})
    unknown = sorted(names.keys() - {*there} - ({"train"} if not there else set()))
    if unknown:
        known = f"this dataset has {', '.join(there)}" if there else "this dataset has no splits"
        raise ValueError(f"splits: no images in {names[unknown[0]]}; {known}")
    inside = [item for item in dataset.items if item.splits & names.keys() or not there]
    chosen = [item for item in inside if not item.splits - names.keys() - {"trainval"}]
    if not chosen:
        others = sorted({name for item in inside for name in item.splits - names.keys()})
        raise ValueError(
            f"splits: every image of {', '.join(splits)} is also in {', '.join(others)}: use "
            "different images or, to translate both, name both with --splits"
        )
    return chosen


def check_labeled(tasks: Sequence[Task], rule: str) -> None:
    """Raise ValueError if no image to translate has a label; `rule` states where labels must be."""
    if tasks and not any(task.item.labelled for task in tasks):
        raise ValueError(
            f"dataset: none of the {len(tasks)} images to translate has a label: {rule}"
        )


def _copies(items: Sequence[Item], ratio: float, seed: int) -> Iterator[tuple[Item, int]]:
    """Yield (item, number of the copy, from 0), in total round(ratio * items) pairs.

    The items that get one copy more than others are drawn by their names, not by their order.
    """
    whole, rest = divmod(round(ratio * len(items)), len(items))
    ranked = sorted(
        items, key=lambda item: (draw(seed, item.image.as_posix(), "ratio"), item.image)
    )
    for rank, item in enumerate(ranked):
        for copy in range(whole + (rank < rest)):
            yield item, copy


def free_suffix(dataset: Dataset, mark: str) -> str:
    """Return a suffix for the stems of new images, which no present stem contains.

    For the mark ab it is _ab, or else _ab2, _ab3 and so on. Case is ignored, because some file
    systems ignore it.
    """
    own = (path for item in dataset.items for path in (item.image, *item.labels))
    taken = {path.stem.casefold() for path in (*own, *dataset.others)}
    suffixes = (f"_{mark}{number if number > 1 else ''}" for number in count(1))
    return next(suffix for suffix in suffixes if not any(suffix in stem for stem in taken))


def _model_of(config: AugmentOptions, image: str, copy: int) -> int:
    """Return the index of a copy's model, drawn by weight; an image uses all before any repeats."""
    left: dict[int, float] = {}
    model = 0
    for number in range(copy + 1):
        left = left or config.shares()
        ends = list(accumulate(left.values()))
        place = bisect_right(ends, ends[-1] * draw(config.seed, f"{image}\0{number}", "model"))
        model = list(left)[min(place, len(ends) - 1)]
        del left[model]
    return model
