"""Check output folders: new, empty, or begun by the same command with the same settings."""

import errno
import json
import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from gan.system.atomic import write_whole
from gan.system.remote import RemotePath
from gan.system.stores import listing


def check_place(output: Path, sources: Iterable[Path]) -> None:
    """Raise ValueError if an output is a file, or is, contains or lies inside a source."""
    target = output.resolve()
    for source in sources:
        inside = source.resolve()
        if inside.is_relative_to(target) or (source.is_dir() and target.is_relative_to(inside)):
            raise ValueError(
                f"{output}: must not be, contain or lie inside {source}: give another --output"
            )
    if os.path.lexists(output) and not output.is_dir():
        raise ValueError(f"{output}: is not a folder: give another --output")


def check_empty(output: Path, *, but: Collection[str] = ()) -> None:
    """Raise ValueError if a folder holds anything whose name is not in `but`."""
    if isinstance(output, RemotePath):
        names = {entry.name.split("/")[0] for entry in listing(str(output))}
    else:
        names = {path.name for path in output.iterdir()} if output.exists() else set()
    if names - {*but}:
        raise ValueError(f"{output}: is not empty; give a new or empty --output")


def check_same(output: Path, file: Path, settings: Mapping[str, Any]) -> None:
    """Raise ValueError if settings differ from those in `file`, the JSON file of an output."""
    before = read_json(file)
    for key, value in settings.items():
        if before.get(key) != value:
            raise ValueError(
                f"{output}: was begun with {key} {before.get(key)}, not {value}: use the same "
                "value or another --output"
            )


def check_disk(output: Path, sources: Iterable[Path]) -> None:
    """Raise ValueError if an output (it need not exist) cannot hold hard links to the sources."""
    place = next(path for path in (output.absolute(), *output.absolute().parents) if path.exists())
    for source in sources:
        if source.exists() and source.stat().st_dev != place.stat().st_dev:
            raise ValueError(
                f"{output}: is on another disk than {source}, so that links are not possible: "
                "remove --link, or give another --output"
            )


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file, as a dict; ValueError if the file does not hold one."""
    try:
        return dict(json.loads(path.read_bytes()))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: damaged, or not written by this command: {error}") from error


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, completely or not at all; FileExistsError if the target exists."""
    with source.open("rb") as original:
        write_whole(target, lambda file: shutil.copyfileobj(original, file), replace=False)


def link_file(source: Path, target: Path, *, symbolic: bool = False) -> None:
    """Make a hard or symbolic link to a file; OSError if that is not possible."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        (os.symlink if symbolic else os.link)(source.resolve(), target)
    except OSError as error:
        other_disk = error.errno == errno.EXDEV
        reason = "on another disk than the source" if other_disk else error.strerror or error
        raise OSError(f"{target}: cannot be a link ({reason}): remove --link") from error
