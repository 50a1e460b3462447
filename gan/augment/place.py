"""Whether a folder can be the output: new, empty, or begun by the same command."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gan.augment.dataset import Dataset
from gan.augment.options import AugmentConfig
from gan.augment.stage import FOLDER, SETTINGS, read_json, write_json

ELSEWHERE = {"dataset", "model", "output", "device", "batch_size", "link", "style", "task"}
"""Options that say where things are or how they are computed, not what comes out."""


def settled(dataset: Dataset, config: AugmentConfig, hashes: Sequence[str]) -> dict[str, Any]:
    """All that the output depends on: another start must have the same."""
    options = config.model_dump(mode="json", exclude=ELSEWHERE)
    task = Path(config.task.rpartition("=")[2]) if config.task else None
    return options | {
        "dataset_fingerprint": fingerprint(dataset),
        "models_sha256": list(hashes),
        "style": config.style and config.style.name,
        "style_sha256": config.style and digest(config.style),
        "task": config.task and Path(config.task).name,
        "task_sha256": task and digest(task),
    }


def fingerprint(dataset: Dataset) -> str:
    """A hash of the names and the contents of all files, images and labels among them."""
    items = {path for item in dataset.items for path in (item.image, *item.labels)}
    paths = sorted({*items, *dataset.others}, key=Path.as_posix)
    whole = hashlib.sha256()
    with ThreadPoolExecutor() as threads:
        found = threads.map(digest, [dataset.root / path for path in paths])
        for path, content in zip(paths, found, strict=True):
            name = path.as_posix().encode("utf-8", "surrogateescape")
            whole.update(name + f"\0{content}\n".encode())
    return whole.hexdigest()[:16]


def digest(path: Path) -> str | None:
    """The SHA-256 of a file's content; None for one that cannot be read, which others report."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def check_output(config: AugmentConfig, settings: Mapping[str, Any], report: str) -> bool:
    """Whether the output is finished. Nothing is written.

    ValueError where it lies in the source or around it, belongs to somebody else, was begun with
    other settings, or cannot have what is asked for.
    """
    source, target = config.dataset.resolve(), config.output.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise ValueError(f"{config.output}: lies in or around the dataset: give another --output")
    if os.path.lexists(config.output) and not config.output.is_dir():
        raise ValueError(f"{config.output}: is no folder: give another --output")
    begun, finished = config.output / FOLDER / SETTINGS, config.output / report
    for path in (finished, begun):
        if path.exists():
            check_same(config.output, read_json(path), settings)
            if path is finished:
                return True
    if (
        not begun.exists()
        and config.output.exists()
        and any(path.name != FOLDER for path in config.output.iterdir())
    ):
        raise ValueError(f"{config.output}: is not empty; give a new or empty --output")
    if config.link:
        check_disk(config.dataset, config.output)
    return False


def check_disk(dataset: Path, output: Path) -> None:
    """ValueError where files of a dataset cannot have links in an output, which need not exist."""
    place = next(path for path in (output.absolute(), *output.absolute().parents) if path.exists())
    if place.stat().st_dev != dataset.stat().st_dev:
        raise ValueError(
            f"{output}: is on another disk than the dataset, where links cannot lead: leave --link "
            "out, or give another --output"
        )


def begin(config: AugmentConfig, settings: Mapping[str, Any]) -> None:
    """Write down what an output is made with; ValueError where nothing can be written."""
    begun = config.output / FOLDER / SETTINGS
    try:
        write_json(begun, settings)
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(
            f"{config.output}: cannot be written ({reason}): give another --output"
        ) from error


def check_same(output: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """ValueError names what differs from the settings of an output that was begun."""
    for key, value in now.items():
        if before.get(key) != value:
            raise ValueError(
                f"{output}: made with another {key} ({before.get(key)}, now {value}): "
                "give another --output"
            )
