"""Folders that a command fills: new, empty, or begun by the same command with the same settings."""

import errno
import json
import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from gan.system.atomic import write_whole


def check_place(output: Path, sources: Iterable[Path]) -> None:
    """Raise ValueError where an output is not a folder, or lies in a source or around it."""
    target = output.resolve()
    for source in sources:
        inside = source.resolve()
        if inside.is_relative_to(target) or (source.is_dir() and target.is_relative_to(inside)):
            raise ValueError(f"{output}: lies in or around {source}: give another --output")
    if os.path.lexists(output) and not output.is_dir():
        raise ValueError(f"{output}: is not a folder: give another --output")


def check_empty(output: Path, *, but: Collection[str] = ()) -> None:
    """Raise ValueError where a folder holds anything but what has these names."""
    if output.exists() and any(path.name not in but for path in output.iterdir()):
        raise ValueError(f"{output}: is not empty; give a new or empty --output")


def check_same(output: Path, file: Path, settings: Mapping[str, Any]) -> None:
    """Raise ValueError where an output was made with other settings than its file says."""
    before = read_json(file)
    for key, value in settings.items():
        if before.get(key) != value:
            raise ValueError(
                f"{output}: made with another {key} ({before.get(key)}, now {value}): "
                "give another --output"
            )


def check_disk(output: Path, sources: Iterable[Path]) -> None:
    """Raise ValueError where hard links cannot lead from an output, which may not exist yet."""
    place = next(path for path in (output.absolute(), *output.absolute().parents) if path.exists())
    for source in sources:
        if source.exists() and source.stat().st_dev != place.stat().st_dev:
            raise ValueError(
                f"{output}: is on another disk than {source}, where links cannot lead: leave "
                "--link out, or give another --output"
            )


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; ValueError names a file that is something else."""
    try:
        return dict(json.loads(path.read_bytes()))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: not written by this command: {error}") from error


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, whole or not at all; FileExistsError where there is one."""
    with source.open("rb") as original:
        write_whole(target, lambda file: shutil.copyfileobj(original, file), replace=False)


def link_file(source: Path, target: Path, *, symbolic: bool = False) -> None:
    """Make a hard link to a file, or a symbolic one; OSError where there cannot be one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        (os.symlink if symbolic else os.link)(source.resolve(), target)
    except OSError as error:
        other_disk = error.errno == errno.EXDEV
        reason = "on another disk than the source" if other_disk else error.strerror or error
        raise OSError(f"{target}: cannot be a link ({reason}): remove --link") from error
