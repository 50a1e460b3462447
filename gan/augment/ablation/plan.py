"""Choose the training and test samples of an ablation, before anything is translated."""

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
    """The training and test samples; paths are relative to the datasets' roots."""

    purpose: Purpose
    classes: list[str]
    """Classes of the training samples, sorted: a network has one output for each."""
    measured: list[str]
    """Classes that the test samples have too."""
    train: list[Sample]
    test: list[Sample]
    test_set: Dataset
    notes: list[str]
    """Sentences about classes that are not measured."""
    failures: list[Failure]
    """Files of both datasets that are not samples, and remarks about the test set."""

    @property
    def masks(self) -> bool:
        return self.purpose == "masks"


def make_plan(dataset: Dataset, config: AugmentOptions) -> Plan:
    """Return the samples of the dataset and of the test set.

    ValueError if no ablation is possible: for instance, if an image is in both, or if fewer than
    two classes are in both.
    """
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
                f"{option}: {place}: --ablation requires at least two classes that are both in "
                f"--dataset and in --test; found {least}"
            )
    return Plan(purpose, sorted(kinds), measured, train, test, test_set, notes, failures)


def _colors(dataset: Dataset, samples: Sequence[Sample]) -> tuple[set[str], list[Failure]]:
    """Return the names of the colors of samples' masks, and the masks that cannot be read."""
    masks = [sample.mask for sample in samples if sample.mask]
    colors, failures = find_colors(dataset.root, masks)
    return {color_name(color) for color in colors}, failures


def _notes(
    purpose: Purpose, kinds: set[str], there: set[str], test: Iterable[Sample]
) -> Iterable[str]:
    """Yield sentences about classes that are not measured."""
    if strange := sorted(there - kinds):
        counts = Counter(sample.kind for sample in test)
        named = ", ".join(
            strange if purpose == "masks" else (f"{k} ({counts[k]})" for k in strange)
        )
        yield f"not tested, because no training sample has the class: {named}"
    if missing := sorted(kinds - there):
        yield f"not measured, because no test sample has the class: {', '.join(missing)}"


def _check_apart(
    dataset: Dataset, items: Sequence[Item], test_set: Dataset, of_test: Sequence[Item]
) -> None:
    """Raise ValueError if a test image has the same bytes as a training image."""
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
        more = f" (and {len(same) - 1} more)" if len(same) > 1 else ""
        raise ValueError(
            f"test: {same[0][0]} has the same content as training image {same[0][1]}{more}: use "
            "test images that are not in the --splits of --dataset"
        )


def _sizes(paths: Sequence[Path]) -> dict[int, list[Path]]:
    """Return files by their size in bytes; unreadable files are skipped and reported elsewhere."""
    found = defaultdict[int, list[Path]](list)
    for path in paths:
        try:
            found[path.stat().st_size].append(path)
        except OSError:
            continue
    return found


def in_output(sample: Sample, output: str) -> Sample:
    """Return the sample with its image replaced by its translation in the output."""
    return replace(sample, image=Path(output))
