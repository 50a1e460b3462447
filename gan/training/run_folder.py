"""The folder of a run: whose it is, what it holds, and why it stopped."""

import contextlib
import os
import platform
from pathlib import Path

STOPPED_MARK = "stopped"
"""File that says which signal ended the last part of the run."""
LOCK = ".lock"
"""File that the running process holds."""


def claim(folder: Path) -> int:
    """Make a run's folder and hold it, until the returned descriptor is closed.

    ValueError where it cannot be one, or another process trains into it. Nothing is held where the
    system has no such locks (Windows, some network disks).
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise ValueError(f"run.dir {folder} cannot be written: {error.strerror}") from error
    try:
        hold(lock)
    except BlockingIOError:
        holder = os.read(lock, 1000).decode(errors="replace").strip()
        os.close(lock)
        raise ValueError(
            f"run.dir {folder}: process {holder} is training into it: wait for it, or name another"
        ) from None
    return lock


def hold(lock: int) -> None:
    """Lock an open file for this process and write its name into it; BlockingIOError if held."""
    if os.name != "posix":
        return
    import fcntl

    try:
        # Locks of this kind are the process's own: workers that outlive a killed run hold none. The
        # library filelock, as gan/system/atomic.py uses it, has those that children inherit.
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except PermissionError as error:  # so some systems say that it is held
        raise BlockingIOError from error
    except BlockingIOError:
        raise
    except OSError:  # a disk without locks
        pass
    with contextlib.suppress(OSError):  # a full disk is no reason to forget the lock
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()} on {platform.node()}\n".encode())


def mark_stopped(folder: Path, text: str) -> None:
    """Leave word why the run ended: launchers change exit statuses."""
    (folder / STOPPED_MARK).write_text(f"{text}\n", encoding="utf-8")


def forget_stop(folder: Path) -> None:
    """Remove what mark_stopped wrote."""
    (folder / STOPPED_MARK).unlink(missing_ok=True)


def is_held(folder: Path) -> bool:
    """Whether another process trains into a run's folder; False where nothing can be locked."""
    if os.name != "posix":
        return False
    import fcntl

    try:
        lock = os.open(folder / LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        # Shared, and for this moment only: asking needs no leave to write.
        fcntl.lockf(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # both mean that it is held
        return True
    except OSError:  # a disk without locks
        return False
    finally:
        os.close(lock)
    return False
