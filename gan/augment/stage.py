"""OUTPUT/.augment: translations that are not judged yet, each with its scores beside it.

A translation is judged when all have their scores: thresholds may depend on them. So it waits here
under a name of its own, and a run that was killed finds again what was done.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan.augment.plan import Task
from gan.system.atomic import write_whole

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


def read_json(path: Path) -> dict[str, Any]:
    """What write_json wrote; ValueError names a file that is something else."""
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        return dict(content)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: not written by this command: {error}") from error
