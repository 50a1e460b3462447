"""Files that appear complete or not at all."""

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from filelock import lock_descriptor

FULL = (errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC))
"""No space left, a disk that has become read-only, a quota that is used up."""
PART = re.compile(r"\.[0-9a-f]{32}\.part")
"""Names of files that are being written. Hidden, so that they are not listed as images; short, so
that long names do not get too long."""


def write_whole(path: Path, save: Callable[[BinaryIO], object], *, replace: bool = True) -> None:
    """Let `save` write a file that appears complete or not at all.

    OSError names the file; FileExistsError where there is one, unless `replace` is set.
    """
    part = path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part, opened = _open_part(path)
        with opened as file:
            save(file)
            file.flush()
            os.fsync(file.fileno())
            if os.name == "nt":  # which renames no open file
                file.close()
            if not replace and os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, "has appeared meanwhile and is left alone")
            part.replace(path)  # still locked: `remove_parts` takes what is not locked
    except OSError as error:
        raise type(error)(f"{path}: {error.strerror or error}") from error
    finally:
        if part is not path:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def disk_is_full(error: BaseException | None) -> bool:
    """Return whether an error, or what it was raised from, says that a disk takes nothing more."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error = error.__cause__
    return False


def _open_part(path: Path) -> tuple[Path, BinaryIO]:
    """Create the file that is to become `path`, beside it, and hold it.

    Another process may take a file that is not held yet for one that a killed writer has left
    (`remove_parts`): then another one is created.
    """
    while True:
        part = path.with_name(f".{uuid4().hex}.part")
        file = part.open("x+b")
        with contextlib.suppress(OSError):  # a disk without locks
            lock(file, wait=True)
        if os.path.lexists(part):
            return part, file
        file.close()


def check_writable(path: Path, *, replaced: bool = True) -> None:
    """Raise OSError in one line where `write_whole` could not write this file; nothing is left
    behind.

    Where it is not replaced but added to, it must be writable itself. Asked before work that takes
    long. A disk that fills up meanwhile is found out at the end only.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder, not a file")
        there = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
        tempfile.TemporaryFile(dir=there).close()
        if not replaced and path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise type(error)(f"{path}: cannot be written: {error.strerror or error}") from error


def lock(file: BinaryIO, *, wait: bool = False) -> None:
    """Hold a file until it is closed; with `wait`, after whoever holds it now.

    BlockingIOError where it is held, another OSError where the disk has no locks.
    """
    if not lock_descriptor(file.fileno(), blocking=wait, poll_interval=0.01):
        raise BlockingIOError(errno.EWOULDBLOCK, "is held by another process")


def remove_parts(folder: Path) -> None:
    """Remove what killed writers left in a folder; what is being written is locked, and stays."""
    for path in folder.iterdir():
        if PART.fullmatch(path.name):
            with contextlib.suppress(OSError), path.open("rb") as file:
                lock(file)
                path.unlink()
