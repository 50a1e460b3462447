"""OUTPUT/.augment: translations that are not decided about yet, each with its scores beside it.

Decisions are made when all have their scores: thresholds may depend on them. So a translation waits
here under a name of its own, and a run that was killed finds again what was done.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan.augment.options import AugmentConfig
from gan.augment.plan import Task
from gan.system.atomic import remove_parts, write_whole
from gan.system.output_folder import check_disk, check_empty, check_place, check_same

FOLDER = ".augment"
SETTINGS = "settings.json"


def picture_path(output: Path, task: Task) -> Path:
    """Where a translation waits; its suffix is that of its format."""
    name = hashlib.sha256(task.output.as_posix().encode("utf-8", "surrogateescape")).hexdigest()
    return output / FOLDER / f"{name[:32]}{task.output.suffix}"


def record_path(output: Path, task: Task) -> Path:
    """Where its scores are; written last, they say that the picture is whole."""
    path = picture_path(output, task)
    return path.with_name(path.name + ".json")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """One object on one line; the same bytes for equal content."""
    write_whole(path, lambda file: file.write(line(content)))


def line(content: Mapping[str, Any]) -> bytes:
    """An object as a line of JSON. File names that are no text are escaped."""
    return json.dumps(content, sort_keys=True).encode() + b"\n"


def check_output(config: AugmentConfig, settings: Mapping[str, Any], report: str) -> bool:
    """Return whether the output is finished. Nothing is written.

    ValueError where it lies in the source or around it, belongs to somebody else, was begun with
    other settings, or cannot have what is asked for.
    """
    check_place(config.output, [config.dataset])
    begun, finished = config.output / FOLDER / SETTINGS, config.output / report
    if finished.exists():
        check_same(config.output, finished, settings)
        return True
    if begun.exists():
        check_same(config.output, begun, settings)
    else:
        check_empty(config.output, but=[FOLDER])
    if config.link:
        check_disk(config.output, [config.dataset])
    return False


def begin(output: Path, settings: Mapping[str, Any]) -> None:
    """Write what an output is made with, and remove what killed starts have left half written.

    ValueError where nothing can be written.
    """
    try:
        write_json(output / FOLDER / SETTINGS, settings)
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(
            f"{output}: cannot be written ({reason}): give another --output"
        ) from error
    for folder in {output, *(path.parent for path in output.rglob(".*.part"))}:
        remove_parts(folder)
