"""Whether a folder can be the output: new, empty, or begun by the same command."""

import json
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from gan.preparation.options import PrepareConfig
from gan.system.atomic import remove_parts, write_whole

SETTINGS, CHOSEN = "preparation.json", "preparation.jsonl"
FOLDERS = ("trainA", "trainB", "testA", "testB")


def settings(config: PrepareConfig) -> dict[str, Any]:
    """What the dataset is made by: another start must have the same."""
    return config.model_dump(mode="json", exclude={"output", "dry_run"})


def check_output(config: PrepareConfig) -> None:
    """ValueError where the output lies in a source or around it, or is not ours to go on with."""
    output = config.output
    target = output.resolve()
    for source in (*config.a, *config.b, *([config.images] if config.images else [])):
        inside = source.resolve()
        if inside.is_relative_to(target) or (source.is_dir() and target.is_relative_to(inside)):
            raise ValueError(f"{output}: lies in or around {source}: give another --output")
    if os.path.lexists(output) and not output.is_dir():
        raise ValueError(f"{output}: is no folder: give another --output")
    begun = output / SETTINGS
    if begun.exists():
        check_same(output, read_settings(begun), settings(config))
    elif output.exists() and any(output.iterdir()):
        raise ValueError(f"{output}: is not empty; give a new or empty --output")
    if config.link == "hard":
        check_disk(config)


def read_settings(path: Path) -> dict[str, Any]:
    """What an earlier start wrote; ValueError for a file that is something else."""
    try:
        return dict(json.loads(path.read_bytes()))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: not written by this command: {error}") from error


def check_same(output: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    """ValueError names what differs."""
    for key, value in now.items():
        if before.get(key) != value:
            raise ValueError(
                f"{output}: made with another {key} ({before.get(key)}, now {value}): "
                "give another --output"
            )


def check_disk(config: PrepareConfig) -> None:
    """ValueError where hard links cannot lead from the output to a source."""
    output = config.output.absolute()
    there = next(path for path in (output, *output.parents) if path.exists())
    for source in (*config.a, *config.b, *([config.images] if config.images else [])):
        if source.exists() and source.stat().st_dev != there.stat().st_dev:
            raise ValueError(f"{source}: on another disk than {config.output}: leave --link out")


def begin(config: PrepareConfig) -> None:
    """Make the output ours, and remove what killed starts have left half written."""
    text = json.dumps(settings(config), indent=1).encode() + b"\n"
    write_whole(config.output / SETTINGS, lambda file: file.write(text))
    for name in FOLDERS:
        for parent, _, _ in os.walk(config.output / name):
            remove_parts(Path(parent))


def check_strangers(output: Path, targets: Collection[Path]) -> None:
    """ValueError names a file in the output's folders that this command would not put there."""
    for name in FOLDERS:
        for path in files(output / name):
            if path not in targets:
                raise ValueError(
                    f"{path}: not chosen by this command, or no longer: move it away, or give "
                    "another --output"
                )


def files(folder: Path) -> Iterable[Path]:
    """All files below a folder, but for hidden ones; links count as files."""
    for parent, folders, names in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        yield from (Path(parent, name) for name in (*names, *links) if not name.startswith("."))
