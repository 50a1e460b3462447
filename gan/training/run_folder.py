"""The folder of a run: its lock, leftovers, and why the run stopped."""

import contextlib
import os
import platform
from pathlib import Path

import yaml

from gan.config import Config
from gan.system.atomic import remove_parts, write_whole
from gan.system.unix import hold

STOPPED_MARK = "stopped"
"""Name of the file that says which signal ended the last session of the run."""
LOCK = ".lock"
"""Name of the file that the running process locks."""


def claim(folder: Path) -> int:
    """Create a run's folder and lock it until the returned descriptor is closed.

    Remove files that killed processes left incomplete. ValueError if the folder cannot be created,
    or another process trains into it. Where the system has no such locks (Windows, some network
    disks), nothing is locked.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise ValueError(f"run.dir {folder} cannot be written: {error.strerror}") from error
    if not hold(lock):
        holder = os.read(lock, 1000).decode(errors="replace").strip()
        os.close(lock)
        raise ValueError(
            f"run.dir {folder}: process {holder} is training into it: wait, or name another run.dir"
        )
    with contextlib.suppress(OSError):  # keep the lock even if the disk is full
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()} on {platform.node()}\n".encode())
    for place in filter(Path.is_dir, (folder, folder / "samples", folder / "evaluation")):
        remove_parts(place)
    return lock


def check_other(folder: Path, key: str, path: Path) -> None:
    """Raise ValueError if `path`, the value of `key`, belongs to the run in this folder."""
    own = folder.resolve()
    if path.resolve() in (own, own / "gen_ab.safetensors"):
        raise ValueError(f"{key}: this run would overwrite {path}: set run.dir to another folder")


def write_config(config: Config) -> None:
    """Write the resolved configuration, which is enough to repeat the run, to RUN/config.yaml."""
    text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    write_whole(config.run.dir / "config.yaml", lambda file: file.write(text.encode()))


def mark_stopped(folder: Path, text: str) -> None:
    """Write `text` (why the run stopped) to RUN/stopped, since launchers change exit statuses."""
    (folder / STOPPED_MARK).write_text(f"{text}\n", encoding="utf-8")


def is_held(folder: Path) -> bool:
    """Return whether another process trains into a folder; False where locks do not work."""
    try:
        lock = os.open(folder / LOCK, os.O_RDONLY)
    except OSError:
        return False
    # A shared lock requires no write permission; it is released at once.
    held = not hold(lock, shared=True)
    os.close(lock)
    return held
