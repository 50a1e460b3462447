"""The folder of a run: whose it is, what it holds, and why it stopped."""

import contextlib
import os
import platform
from pathlib import Path

from gan.system.atomic import remove_parts
from gan.system.unix import hold

STOPPED_MARK = "stopped"
"""File that says which signal ended the last part of the run."""
LOCK = ".lock"
"""File that the running process holds."""


def claim(folder: Path) -> int:
    """Make a run's folder and hold it, until the returned descriptor is closed.

    What killed processes left half written there is removed.

    ValueError where it cannot be one, or another process trains into it. Nothing is held where the
    system has no such locks (Windows, some network disks).
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
            f"run.dir {folder}: process {holder} is training into it: wait for it, or name another"
        )
    with contextlib.suppress(OSError):  # a full disk must not lose the lock
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()} on {platform.node()}\n".encode())
    for place in filter(Path.is_dir, (folder, folder / "samples", folder / "evaluation")):
        remove_parts(place)
    return lock


def mark_stopped(folder: Path, text: str) -> None:
    """Leave word why the run ended: launchers change exit statuses."""
    (folder / STOPPED_MARK).write_text(f"{text}\n", encoding="utf-8")


def is_held(folder: Path) -> bool:
    """Return whether another process trains into a folder; False where nothing can be locked."""
    try:
        lock = os.open(folder / LOCK, os.O_RDONLY)
    except OSError:
        return False
    # Shared, and for this moment only: asking needs no leave to write.
    held = not hold(lock, shared=True)
    os.close(lock)
    return held
