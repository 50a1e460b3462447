"""What an output of augmentation depends on: another start must have the same."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gan.augment.dataset import Dataset
from gan.augment.options import AugmentConfig
from gan.system.hashing import file_sha256

ELSEWHERE = {"dataset", "model", "output", "device", "batch_size", "link", "style", "task"}
"""Options that say where things are or how they are computed, not what comes out."""


def output_settings(
    dataset: Dataset, config: AugmentConfig, hashes: Sequence[str]
) -> dict[str, Any]:
    """Return all that the output depends on."""
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
    """Return a hash of the names and contents of all files, images and labels among them."""
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
    """Return the SHA-256 of a file; None for one that cannot be read, which others report."""
    try:
        return file_sha256(path)
    except OSError:
        return None
