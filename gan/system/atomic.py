"""Write files that appear complete or not at all."""

import contextlib
import errno
import io
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from filelock import lock_descriptor

from gan.system.remote import RemotePath
from gan.system.stores import unreachable

FULL = (errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC))
"""Errors of a full disk: no space left, a disk that became read-only, a used-up quota."""
PART = re.compile(r"\.[0-9a-f]{32}\.part")
"""Names of temporary files. They are hidden, so that they are not listed as images, and do not
contain the final name, which may already have the greatest length that the disk permits."""


def write_whole(path: Path, save: Callable[[BinaryIO], object], *, replace: bool = True) -> None:
    """Call `save` with an open file that becomes `path` once it is complete.

    OSError, with the file's name, if it cannot be written; FileExistsError if it exists, unless
    `replace` is set. An object in a store is built in memory and uploaded in one request.
    """
    if isinstance(path, RemotePath):
        whole = io.BytesIO()
        save(whole)
        path.put(whole.getvalue(), replace=replace)
        return
    part = path
    try:
        make_folder(path.parent)
        part, opened = _open_part(path)
        with opened as file:
            save(file)
            file.flush()
            os.fsync(file.fileno())
            if os.name == "nt":  # Windows does not rename open files
                file.close()
            if not replace and os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, "exists and is not replaced")
            part.replace(path)  # still locked: `remove_parts` removes unlocked files
    except NoFolderError:
        raise
    except OSError as error:
        raise type(error)(f"{path}: {error.strerror or error}") from error
    finally:
        if part is not path:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


class NoFolderError(OSError):
    """A folder cannot be created; the message names it."""


def make_folder(folder: Path) -> None:
    """Create a folder and its parents; NoFolderError, with its name, if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        taken = next((at for at in (folder, *folder.parents) if os.path.lexists(at)), folder)
        reason = error.strerror if taken.is_dir() else f"{taken} is a file"
        raise NoFolderError(f"{folder}: cannot be created: {reason or error}") from error


def disk_is_full(error: BaseException | None) -> bool:
    """Return whether an error, or one of its causes, means that the disk is full."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error = error.__cause__
    return False


def ends_the_work(error: BaseException | None) -> bool:
    """Return whether an error stops all further work: a full disk, or a store that is down."""
    return disk_is_full(error) or unreachable(error)


def _open_part(path: Path) -> tuple[Path, BinaryIO]:
    """Create and lock a temporary file in the folder of `path`.

    Before it is locked, another process may remove it as the leftover of a killed writer
    (`remove_parts`): then another file is created.
    """
    while True:
        part = path.with_name(f".{uuid4().hex}.part")
        file = part.open("x+b")
        with contextlib.suppress(OSError):  # the disk does not support locks
            lock(file, wait=True)
        if os.path.lexists(part):
            return part, file
        file.close()


def check_writable(path: Path, *, replaced: bool = True) -> None:
    """Raise OSError, in one line, if `write_whole` could not write this file; leave no files.

    With replaced=False the file is appended to, so it must be writable itself. Call this before
    long work; it does not find a disk that fills up later.
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
    """Lock an open file until it is closed; with `wait`, wait until it is free.

    BlockingIOError if another process has locked it, another OSError if the disk does not support
    locks.
    """
    if not lock_descriptor(file.fileno(), blocking=wait, poll_interval=0.01):
        raise BlockingIOError(errno.EWOULDBLOCK, "is locked by another process")


def remove_parts(folder: Path) -> None:
    """Remove temporary files of killed writers from a folder; locked ones are in use and stay."""
    for path in folder.iterdir():
        if PART.fullmatch(path.name):
            with contextlib.suppress(OSError), path.open("rb") as file:
                lock(file)
                path.unlink()
