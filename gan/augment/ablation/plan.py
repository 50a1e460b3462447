"""What an ablation trains on and tests with, checked before anything is translated."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from gan.augment.ablation.pictures import color_name, find_colors
from gan.augment.ablation.samples import Purpose, Sample, find_samples, purpose_of, test_items
from gan.augment.dataset import Dataset, Item
from gan.augment.formats import dataset_format
from gan.augment.options import AugmentOptions
from gan.augment.plan import choose
from gan.system.failures import Failure
from gan.system.hashing import file_sha256


@dataclass(frozen=True)
class Plan:
    """Samples to train on and to test with. Their paths begin below the roots."""

    purpose: Purpose
    classes: list[str]
    """Those of the samples to train on, sorted: a network has one output for each."""
    measured: list[str]
    """Those of them that the test has."""
    train: list[Sample]
    test: list[Sample]
    test_set: Dataset
    notes: list[str]
    """What of the classes is not measured, in sentences."""
    failures: list[Failure]
    """Return what of both datasets is not a sample, and what is odd about the test."""

    @property
    def masks(self) -> bool:
        return self.purpose == "masks"


def make_plan(dataset: Dataset, config: AugmentOptions) -> Plan:
    """Read the test set and the labels of both; ValueError where they cannot be compared."""
    assert config.test
    format = dataset_format(config.format)
    try:
        test_set = format.read(config.test)
    except ValueError as error:
        raise ValueError(f"test: {error}") from error
    items, of_test = choose(dataset, config.splits), test_items(test_set)
    _check_apart(dataset, items, test_set, of_test)
    purpose = purpose_of(dataset, format)
    train, failures = find_samples(dataset, items, format, purpose)
    test, more = find_samples(test_set, of_test, format, purpose)
    failures = [*failures, *test_set.remarks, *more]
    if not test:
        raise ValueError(f"test: {config.test}: none of its images has a label: {format.rule}")
    if purpose == "masks":
        kinds, more = _colors(dataset, train)
        there, others = _colors(test_set, test)
        failures += [*more, *others]
    else:
        kinds, there = ({str(sample.kind) for sample in part} for part in (train, test))
    notes = [*_notes(purpose, kinds, there, test)]
    if purpose != "masks":
        test = [sample for sample in test if sample.kind in kinds]
    measured = sorted(kinds & there)
    for known, option, place in ((kinds, "dataset", dataset.root), (measured, "test", config.test)):
        if len(known) < 2:
            least = ", ".join(known) or "none"
            raise ValueError(
                f"{option}: {place}: --ablation needs at least two classes that are in --dataset "
                f"and in --test: {least}"
            )
    return Plan(purpose, sorted(kinds), measured, train, test, test_set, notes, failures)


def _colors(dataset: Dataset, samples: Sequence[Sample]) -> tuple[set[str], list[Failure]]:
    """Return the names of the colors of samples' masks, and masks that cannot be read."""
    masks = [sample.mask for sample in samples if sample.mask]
    colors, failures = find_colors(dataset.root, masks)
    return {color_name(color) for color in colors}, failures


def _notes(
    purpose: Purpose, kinds: set[str], there: set[str], test: Iterable[Sample]
) -> Iterable[str]:
    """Yield what of the classes is not measured."""
    if strange := sorted(there - kinds):
        counts = Counter(sample.kind for sample in test)
        named = ", ".join(
            strange if purpose == "masks" else (f"{k} ({counts[k]})" for k in strange)
        )
        yield f"not tested, for training has none of the class: {named}"
    if missing := sorted(kinds - there):
        yield f"not measured, for the test has none of the class: {', '.join(missing)}"


def _check_apart(
    dataset: Dataset, items: Sequence[Item], test_set: Dataset, of_test: Sequence[Item]
) -> None:
    """Raise ValueError where test images are, byte for byte, among those to train on."""
    train = [dataset.root / item.image for item in items]
    test = [test_set.root / item.image for item in of_test]
    sizes = _sizes(train).keys() & _sizes(test).keys()
    first, second = (
        [path for size in sorted(sizes) for path in _sizes(part)[size]] for part in (train, test)
    )
    with ThreadPoolExecutor() as threads:
        owners = dict(zip(threads.map(file_sha256, first), first, strict=True))
        hashes = zip(second, threads.map(file_sha256, second), strict=True)
        same = [(path, owners[content]) for path, content in hashes if content in owners]
    if same:
        more = f", and {len(same) - 1} more such" if len(same) > 1 else ""
        raise ValueError(
            f"test: {same[0][0]} is the same file as {same[0][1]}, which is trained on{more}: give "
            "images that are not in --dataset's --splits"
        )


def _sizes(paths: Sequence[Path]) -> dict[int, list[Path]]:
    """Return readable files by their sizes: others are reported where they are read."""
    found = defaultdict[int, list[Path]](list)
    for path in paths:
        try:
            found[path.stat().st_size].append(path)
        except OSError:
            continue
    return found


def in_output(sample: Sample, output: str) -> Sample:
    """Return a sample of the translation that an image has in the output."""
    return replace(sample, image=Path(output))
