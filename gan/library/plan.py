"""What is to be translated to which file, and in which batches, before anything is."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gan.images import find_images, read_size
from gan.library.report import Failure, failure
from gan.translator import check_size

Format = Literal["png", "jpeg", "webp", "avif", "tiff"]

SUFFIXES: dict[Format, str] = {
    "png": ".png",
    "jpeg": ".jpg",
    "webp": ".webp",
    "avif": ".avif",
    "tiff": ".tif",
}
BATCH_PIXELS = 2**18
"""Pixels of a batch on CPUs, where its size is not given: more did not make them faster."""
BATCH_IMAGES = 16


@dataclass(frozen=True)
class Job:
    """A picture and the file of its translation."""

    source: Path
    target: Path
    size: tuple[int, int]
    """(width, height), upright."""
    there: bool
    """Whether the target was there before, and is to be left alone."""
    comparison: Path | None
    """The file for both side by side, where it is asked for."""

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.size[0] * self.size[1]


@dataclass(frozen=True)
class Plan:
    """All pictures of an input, in the order of their names, and what cannot be one."""

    jobs: tuple[Job, ...]
    failures: tuple[Failure, ...]

    @property
    def total(self) -> int:
        """The number of files that should be translated in the end."""
        return len(self.jobs) + len(self.failures)


def make_plan(
    source: Path,
    target: Path,
    compare: Path | None,
    format: Format | None,
    overwrite: bool,
    max_megapixels: float,
) -> Plan:
    """Find the pictures of a file or a folder, read their headers and name their targets.

    ValueError where there is no input or nothing in it, or where a translation would replace an
    original or another one.
    """
    if not source.exists():
        raise ValueError(f"{source}: no such file or folder")
    failures: list[Failure] = []
    if source.is_file():
        into_folder = target.is_dir() or not target.suffix
        name = with_format([Path(source.name)], format)[0]
        pairs = [(source, target / name if into_folder else target)]
    else:
        found, refused = inputs(source, [target, compare] if compare else [target])
        failures += [Failure(path, reason) for path, reason in refused]
        names = with_format([path.relative_to(source) for path in found], format)
        pairs = [(path, target / name) for path, name in zip(found, names, strict=True)]
    if not pairs and not failures:
        raise ValueError(f"{source}: no images in this folder or below it")
    check_targets(pairs)
    jobs: list[Job] = []
    with ThreadPoolExecutor() as threads:
        sizes = threads.map(lambda pair: size_of(pair[0], max_megapixels), pairs)
        for (path, place), size in zip(pairs, sizes, strict=True):
            if isinstance(size, Failure):
                failures.append(size)
            else:
                there = not overwrite and place.is_file()
                beside = compare and compare / comparison_name(place, target)
                jobs.append(Job(path, place, size, there, beside))
    return Plan(tuple(jobs), tuple(failures))


def inputs(source: Path, outputs: Sequence[Path]) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The images of a folder, without those of outputs that lie inside it."""
    for output in outputs:
        if output.is_file():
            raise ValueError(f"{output}: the output of a folder is a folder, and this is a file")
    files, refused = find_images(source)
    root = source.resolve()
    inside = {
        source / path.relative_to(root)
        for path in map(Path.resolve, outputs)
        if root in path.parents
    }

    def is_input(path: Path) -> bool:
        return inside.isdisjoint(path.parents)

    return (
        [path for path in files if is_input(path)],
        [(path, reason) for path, reason in refused if is_input(path)],
    )


def with_format(names: Sequence[Path], format: Format | None) -> list[Path]:
    """The names of translations: the same, or with the suffix of a chosen format.

    Where that would make one name of two (a.jpg and a.png), the old suffixes stay: a.jpg.webp.
    """
    if format is None:
        return list(names)
    suffix = SUFFIXES[format]
    changed = [name.with_suffix(suffix) for name in names]
    counts = Counter(changed)
    return [
        new if counts[new] == 1 else old.with_name(old.name + suffix)
        for old, new in zip(names, changed, strict=True)
    ]


def comparison_name(place: Path, target: Path) -> Path:
    """The name of a comparison in its own folder: that of the translation in the output."""
    return Path(place.name) if place == target else place.relative_to(target)


def check_targets(pairs: Sequence[tuple[Path, Path]]) -> None:
    """ValueError where a target is an original, or the target of two."""
    originals = {path.resolve() for path, _ in pairs}
    taken: set[Path] = set()
    for source, target in pairs:
        if target.resolve() in originals:
            raise ValueError(
                f"{target}: the output would replace an original; give another --output"
            )
        if target in taken:
            raise ValueError(f"{target}: two translations would have this name, one of {source}")
        taken.add(target)


def size_of(path: Path, max_megapixels: float) -> tuple[int, int] | Failure:
    """A picture's size, or why it cannot be translated; from its header."""
    try:
        size = read_size(path, max_megapixels=max_megapixels)
        check_size(*size)
    except ValueError as error:
        return failure(path, error)
    return size


def make_batches(jobs: Iterable[Job], batch_size: int | None) -> list[tuple[Job, ...]]:
    """Batches of equal sizes, in the order of their first pictures.

    They depend on the list alone, so that sharing it out or starting again changes no batch, and
    with it no rounding.
    """
    groups: dict[tuple[int, int], list[tuple[int, Job]]] = defaultdict(list)
    for place, job in enumerate(jobs):
        groups[job.size].append((place, job))
    batches = [batch for group in groups.values() for batch in _chunks(group, batch_size)]
    batches.sort(key=lambda batch: batch[0][0])
    return [tuple(job for _, job in batch) for batch in batches]


def _chunks(
    group: list[tuple[int, Job]], batch_size: int | None
) -> Iterator[list[tuple[int, Job]]]:
    pixels = group[0][1].pixels
    size = batch_size or max(1, min(BATCH_IMAGES, BATCH_PIXELS // pixels))
    for start in range(0, len(group), size):
        yield group[start : start + size]
