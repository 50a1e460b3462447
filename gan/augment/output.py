"""The output folder: its settings, its staged translations, and the files copied into it.

OUTPUT/.augment holds staged translations, each with a file of its scores. Decisions are made when
all translations have scores, because thresholds may depend on all. A run that was killed finds its
staged translations again.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from gan.augment.dataset import REPORT, Dataset, Format, Outputs, renamed
from gan.augment.options import AugmentOptions
from gan.augment.plan import Task
from gan.augment.realism import Domain
from gan.inference.folder.present import Present
from gan.system.atomic import remove_parts, write_whole
from gan.system.hashing import file_sha256
from gan.system.output_folder import (
    check_disk,
    check_empty,
    check_place,
    check_same,
    copy_file,
    link_file,
)
from gan.system.remote import REQUESTS, RemotePath
from gan.system.stores import listing

T = TypeVar("T")

FOLDER = ".augment"
SETTINGS = "settings.json"
ELSEWHERE = {
    "dataset", "model", "output", "device", "batch_size", "link", "style", "target", "task",
    "ablation", "test", "ablation_steps", "ablation_seeds", "ablation_flip", "size", "marks",
    "shard",
}  # fmt: skip
"""Options that are not copied into the settings. They do not change the output, or their files'
contents do, which are hashed instead. `size` and `marks` are added in another form."""


def output_settings(
    dataset: Dataset,
    config: AugmentOptions,
    hashes: Sequence[str],
    targets: Sequence[Domain | None],
) -> dict[str, Any]:
    """Return all settings and hashes on which the output depends.

    They must be equal when a run is resumed.
    """
    task = Path(config.task.rpartition("=")[2]) if config.task else None
    return (
        config.model_dump(mode="json", exclude=ELSEWHERE)
        # None equals a missing key: older outputs lack these two.
        | {"size": config.size, "marks": None if config.marks else False}
        | {
            "dataset_fingerprint": fingerprint(dataset),
            "models_sha256": list(hashes),
            "targets": [target and target.fingerprint for target in targets],
            "style": config.style and config.style.name,
            "style_sha256": config.style and _digest(config.style),
            "task": config.task and Path(config.task).name,
            "task_sha256": task and _digest(task),
        }
    )


def fingerprint(dataset: Dataset) -> str:
    """Return a hash of the names and contents of all files of a dataset."""
    items = {path for item in dataset.items for path in (item.image, *item.labels)}
    paths = sorted({*items, *dataset.others}, key=Path.as_posix)
    whole = hashlib.sha256()
    tags: dict[str, str] = {}
    if isinstance(dataset.root, RemotePath):  # tags need no request for each object
        tags = {each.name: each.tag for each in listing(str(dataset.root)) if each.tag}
    with ThreadPoolExecutor() as threads:
        found = threads.map(
            lambda path: tags.get(path.as_posix()) or _digest(dataset.root / path), paths
        )
        for path, content in zip(paths, found, strict=True):
            name = path.as_posix().encode("utf-8", "surrogateescape")
            whole.update(name + f"\0{content}\n".encode())
    return whole.hexdigest()[:16]


def _digest(path: Path) -> str | None:
    """Return the SHA-256 of a file; None if it cannot be read, which is reported elsewhere."""
    try:
        return file_sha256(path)
    except OSError:
        return None


def check_output(config: AugmentOptions, settings: Mapping[str, Any]) -> bool:
    """Return whether the output is finished, without writing anything.

    ValueError if it is inside the source or contains it, holds other files, was begun with other
    settings, or, with `link`, is on another disk.
    """
    output = config.output
    reports = (output / REPORT, output / FOLDER / SETTINGS)
    try:
        check_place(output, [config.dataset, *([config.test] if config.test else [])])
        report = next((path for path in reports if path.exists()), None)
        if report:
            check_same(output, report, settings)
        else:
            check_empty(output, but=[FOLDER])
        finished = report == reports[0]
        if config.link and not finished:
            check_disk(output, [config.dataset])
    except OSError as error:
        raise ValueError(f"{output}: {error.strerror or error}: give another --output") from error
    return finished


def begin(output: Path, settings: Mapping[str, Any]) -> None:
    """Write an output's settings, and remove incomplete files of killed runs.

    ValueError if the output cannot be written.
    """
    try:
        write_bytes(output / FOLDER / SETTINGS, line(settings))
    except OSError as error:
        raise ValueError(
            f"{output}: cannot be written ({error.strerror or error}): give another --output"
        ) from error
    if isinstance(output, RemotePath):  # stores have no incomplete objects
        return
    for folder in {output, *(path.parent for path in output.rglob(".*.part"))}:
        remove_parts(folder)


def picture_path(output: Path, task: Task) -> Path:
    """Return the path of a staged translation; it has the suffix of the output."""
    name = hashlib.sha256(task.output.as_posix().encode("utf-8", "surrogateescape")).hexdigest()
    return output / FOLDER / f"{name[:32]}{task.output.suffix}"


def record_path(picture: Path) -> Path:
    """Return the path of a staged translation's scores.

    They are written last, so if they exist, the translation is complete.
    """
    return picture.with_name(picture.name + ".json")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, completely or not at all; an existing file is replaced."""
    write_whole(path, lambda file: file.write(content))


def line(content: Mapping[str, Any]) -> bytes:
    """Return a dict as a line of JSON, encoded, with sorted keys.

    Undecodable bytes in file names are escaped.
    """
    return json.dumps(content, sort_keys=True).encode() + b"\n"


def carry(
    dataset: Dataset,
    format: Format,
    outputs: Outputs,
    translated: Collection[Path],
    target: Path,
    link: bool = False,
) -> None:
    """Write everything except the translated images: copied, or as the format rewrites it.

    Empty folders are created too, since they may be classes. Existing files are kept. Only files
    that the format rewrites are replaced, because their content depends on the rejected
    translations. With `link`, copies are hard links to the source's files; OSError if the output is
    on another disk.
    """
    classes = {item.image.parent for item in dataset.items if format.class_of(item)}
    for folder in sorted({*dataset.folders, *classes}):
        (target / folder).mkdir(parents=True, exist_ok=True)
    for path, content in format.rewrite(dataset, outputs):
        write_bytes(target / path, content)
    pairs = [(path, path) for path in dataset.others]
    for item in dataset.items:
        for output in outputs[item.image]:
            start = output.stem.removesuffix(item.ending)
            labels = [(label, renamed(item, label, start)) for label in item.labels]
            pairs += [pair for pair in [(item.image, output), *labels] if pair[1] not in translated]
    there = Present([target])

    def put(pair: tuple[Path, Path]) -> None:
        """Copy or link a file, completely or not at all, unless the target exists."""
        if not there.exists(target / pair[1]):
            with suppress(FileExistsError):  # another shard that ends now writes the same
                (link_file if link else copy_file)(dataset.root / pair[0], target / pair[1])

    for_all(put, pairs, target)


def for_all(call: Callable[[T], object], items: Sequence[T], target: Path) -> None:
    """Call a function for all items; if the target is in a store, for many at once."""
    with ThreadPoolExecutor(REQUESTS if isinstance(target, RemotePath) else 1) as threads:
        for _ in threads.map(call, items):
            pass


def staged_to_place(output: Path, tasks: Sequence[Task]) -> None:
    """Move translations from the staging folder to their places, if they are not there already."""

    def move(task: Task) -> None:
        staged, place = picture_path(output, task), output / task.output
        if there.exists(staged):
            place.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # another shard that ends now has moved it
                staged.replace(place)

    there = Present([output])
    for_all(move, tasks, output)


def remove_staging(output: Path) -> None:
    """Remove the staging folder."""
    folder = output / FOLDER
    if isinstance(folder, RemotePath):
        names = [entry.name for entry in listing(str(folder))]
        for_all(lambda name: (folder / name).unlink(missing_ok=True), names, output)
    else:
        shutil.rmtree(folder, ignore_errors=True)
