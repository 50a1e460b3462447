"""Whether a folder can be the output: new, empty, or begun by the same command."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gan.augment.dataset import Dataset
from gan.augment.settings import AugmentConfig
from gan.augment.stage import FOLDER, SETTINGS, read_json, write_json
from gan.data.folders import fingerprint

ELSEWHERE = {"dataset", "model", "output", "device", "batch_size", "link", "style", "task"}
"""Options that say where things are or how they are computed, not what comes out."""


def settled(dataset: Dataset, config: AugmentConfig, hashes: Sequence[str]) -> dict[str, Any]:
    """All that the output depends on: another start must have the same."""
    options = config.model_dump(mode="json", exclude=ELSEWHERE)
    images = [dataset.root / item.image for item in dataset.items]
    files = [*images, *(dataset.root / path for path in dataset.others)]
    return options | {
        "dataset_fingerprint": fingerprint(dataset.root, files),
        "models_sha256": list(hashes),
        "style": config.style and config.style.name,
        "task": config.task and Path(config.task).name,
    }


def check_output(config: AugmentConfig, settings: Mapping[str, Any], report: str) -> bool:
    """Whether the output is finished; made or recognized otherwise.

    ValueError where it lies in the source or around it, belongs to somebody else, or was begun with
    other settings.
    """
    source, target = config.dataset.resolve(), config.output.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise ValueError(f"{config.output}: lies in or around the dataset: give another --output")
    begun, finished = config.output / FOLDER / SETTINGS, config.output / report
    for path in (finished, begun):
        if path.exists():
            check_same(config.output, read_json(path), settings)
            return path is finished
    if config.output.exists() and any(path.name != FOLDER for path in config.output.iterdir()):
        raise ValueError(f"{config.output}: is not empty; give a new or empty --output")
    write_json(begun, settings)
    return False


def check_same(output: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """ValueError names what differs from the settings of an output that was begun."""
    for key, value in now.items():
        if before.get(key) != value:
            raise ValueError(
                f"{output}: made with another {key} ({before.get(key)}, now {value}): "
                "give another --output"
            )
