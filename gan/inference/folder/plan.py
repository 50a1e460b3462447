"""Plan a translation: the images, their output files and the batches."""

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gan.config.choices import Format
from gan.images import Found, ImageError, find_images, nothing_found, read_size
from gan.images.stacks import SUFFIXES as STACKS
from gan.images.stacks import stack_pages
from gan.inference.checks import check_size
from gan.inference.folder.present import Present
from gan.inference.video.plan import Clips, clip_targets, is_clip, plan_clips
from gan.system.failures import Failure, failure
from gan.system.remote import RemotePath
from gan.system.stores import unreachable

SUFFIXES: dict[Format, str] = {
    "png": ".png",
    "jpeg": ".jpg",
    "webp": ".webp",
    "avif": ".avif",
    "tiff": ".tif",
}
LOCAL_CLIPS = "clips cannot be read from or written to a URL: copy them to a local folder"


@dataclass(frozen=True)
class Job:
    """An image, the file for its translation and, with --compare, the file that shows both."""

    source: Path
    size: tuple[int, int]
    """(width, height), upright."""
    target: Path | None
    """None if the file existed before, and is kept."""
    comparison: Path | None = None
    """None if the file existed before, or is not requested."""
    pages: int = 1
    """Pages of a stack, if the target is a stack, too."""

    @property
    def places(self) -> list[Path]:
        """The files to write."""
        return [place for place in (self.target, self.comparison) if place]

    @property
    def done(self) -> bool:
        """Whether all files existed before."""
        return not self.places

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.size[0] * self.size[1]


@dataclass(frozen=True)
class Plan:
    """All images of an input, sorted by name, and the files that cannot be translated."""

    output: Path
    """The file or folder of the option --output."""
    whole_folder: bool
    """Whether the input is a folder, so that the output gets a failed.tsv."""
    jobs: tuple[Job, ...]
    failures: tuple[Failure, ...]
    others: int
    """Number of files whose suffix is not an image's."""
    folders: frozenset[Path]
    """Folders of all outputs, including outputs that existed before."""
    clips: Clips

    @property
    def total(self) -> int:
        """The number of images, including those that cannot be translated."""
        return len(self.jobs) + len(self.failures)


def make_plan(
    source: Path,
    target: Path,
    compare: Path | None,
    format: Format | None,
    overwrite: bool,
    max_megapixels: float,
) -> Plan:
    """Find the images of a file or folder, read their headers and choose their output files.

    ValueError if the input does not exist or holds no images, or if an output would replace an
    original or another output.
    """
    if not source.exists():
        raise ValueError(f"{source}: no such file or folder")
    whole_folder = not source.is_file()
    outputs = [target, compare] if compare else [target]
    there = Present(outputs) if whole_folder else Present([])
    found = _inputs(source, outputs) if whole_folder else _single(source)
    base = source if whole_folder else source.parent
    names = with_format([path.relative_to(base) for path in found.images], format)
    triples = [
        (path, target / name, compare and compare / name)
        for path, name in zip(found.images, names, strict=True)
    ]
    if names and not whole_folder and target.suffix and not target.is_dir():
        if format and target.suffix != names[0].suffix:
            raise ValueError(
                f"{target}: its suffix does not fit --format {format}: use {names[0].suffix}"
            )
        triples = [(source, target, compare and compare / names[0])]
    failures = [Failure(path, reason) for path, reason in found.skipped]
    clips = [path for path in found.others if is_clip(path)]
    if isinstance(source, RemotePath) or isinstance(target, RemotePath):
        failures += [Failure(path, LOCAL_CLIPS) for path in clips]
        clips = []
    pairs = clip_targets(clips, source, target)
    if not triples and not failures and not pairs:
        raise ValueError(nothing_found(source, found))
    if pairs and not whole_folder and (compare or format):
        raise ValueError(f"{source}: compare and format are for images: remove them for a clip")
    _check_targets(triples, pairs)
    jobs, unreadable = _jobs(triples, overwrite, max_megapixels, there)
    failures += unreadable
    return Plan(
        target,
        whole_folder,
        tuple(jobs),
        tuple(failures),
        others=sum(not is_clip(path) for path in found.others),
        folders=_folders_of([*triples, *pairs]),
        clips=plan_clips(
            pairs,
            source,
            overwrite,
            max_megapixels,
            unused=[key for key, on in (("compare", compare), ("format", format)) if on],
        ),
    )


def _folders_of(outputs: Iterable[tuple[Path | None, ...]]) -> frozenset[Path]:
    """Return the folders of output files; each tuple is (input, outputs...)."""
    return frozenset(place.parent for _, *places in outputs for place in places if place)


def _jobs(
    triples: Sequence[tuple[Path, Path, Path | None]],
    overwrite: bool,
    max_megapixels: float,
    there: Present,
) -> tuple[list[Job], list[Failure]]:
    """Read the headers of images; triples: (image, output, comparison or None)."""
    jobs: list[Job] = []
    failures: list[Failure] = []
    with ThreadPoolExecutor() as threads:
        sizes = threads.map(lambda triple: size_of(triple[0], max_megapixels), triples)
        for (path, *places), size in zip(triples, sizes, strict=True):
            job = size if isinstance(size, Failure) else _job(path, size, places, overwrite, there)
            if isinstance(job, Failure):
                failures.append(job)
            else:
                jobs.append(job)
    return jobs, failures


def _single(path: Path) -> Found:
    """Return the images, clips and failures of an input that is one file."""
    return Found([], [], [path]) if is_clip(path) else Found([path], [], [])


def _job(
    path: Path,
    size: tuple[int, int],
    places: Sequence[Path | None],
    overwrite: bool,
    there: Present,
) -> Job | Failure:
    """Return an image's job, or why there is none; `places` are its translation and comparison."""
    if folder := next((place for place in places if place and there.is_dir(place)), None):
        return Failure(path, f"{folder} is a folder")
    if dangling := next((place for place in places if place and _dangles(place)), None):
        return Failure(path, f"{dangling} is a link to nothing: remove it")
    free, comparison = (
        place if place and (overwrite or not there.exists(place)) else None for place in places
    )
    try:
        pages = stack_pages(path) if free and free.suffix.lower() in STACKS else 1
    except ImageError as error:
        return failure(path, error)
    return Job(path, size, free, comparison, pages)


def _dangles(place: Path) -> bool:
    """Return whether a path is a link to a file that does not exist."""
    return place.is_symlink() and not place.exists()


def _inputs(source: Path, outputs: Sequence[Path]) -> Found:
    """Return the images of a folder, without those in output folders inside it.

    ValueError if an output is a file, or the folder itself.
    """
    root = source.resolve()
    for output in outputs:
        if output.is_file():
            raise ValueError(f"{output}: is a file, but the output of a folder must be a folder")
        if output.resolve() == root:
            raise ValueError(
                f"{output}: is the input folder and would replace an original: give another folder"
            )
    found = find_images(source)
    inside = {
        source / path.relative_to(root)
        for path in (output.resolve() for output in outputs)
        if root in path.parents
    }
    return Found(
        [path for path in found.images if inside.isdisjoint(path.parents)],
        [(path, reason) for path, reason in found.skipped if inside.isdisjoint(path.parents)],
        [path for path in found.others if inside.isdisjoint(path.parents)],
    )


def with_format(names: Sequence[Path], format: Format | None) -> list[Path]:
    """Return the names of translations: unchanged, or with the suffix of a chosen format.

    If two names would become equal (a.jpg and a.png), the old suffixes are kept: a.jpg.webp.
    """
    if format is None:
        return list(names)
    suffix = SUFFIXES[format]
    changed = [name.with_suffix(suffix) for name in names]
    while True:
        counts = Counter(changed)
        clashing = [
            at
            for at, new in enumerate(changed)
            if counts[new] > 1 and new == names[at].with_suffix(suffix)
        ]
        if not clashing:
            return changed
        for at in clashing:
            changed[at] = names[at].with_name(names[at].name + suffix)


def _check_targets(
    triples: Sequence[tuple[Path, Path, Path | None]], pairs: Sequence[tuple[Path, Path]]
) -> None:
    """Raise ValueError if an output is an original, or if two images have the same output."""
    files = [*triples, *((*pair, None) for pair in pairs)]
    originals = {path.resolve() for path, *_ in files}
    taken: dict[Path, Path] = {}
    for source, *outputs in files:
        for output in filter(None, outputs):
            place = output.resolve()
            if place in originals:
                raise ValueError(
                    f"{output}: the output would replace an original; give another --output"
                )
            if place in taken:
                raise ValueError(
                    f"{output}: would be the output of both {taken[place]} and {source}: rename one"
                )
            taken[place] = source


def size_of(path: Path, max_megapixels: float) -> tuple[int, int] | Failure:
    """Return an image's (width, height) from its header, or why it cannot be translated."""
    try:
        size = read_size(path, max_megapixels=max_megapixels)
        check_size(*size)
    except ValueError as error:
        if unreachable(error):
            raise
        return failure(path, error)
    return size
