"""The folder that all files of all visitors lie in: what goes when, and how much there is."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

AGE = 3600
"""Seconds that a file is kept."""
EVERY = 300
"""Seconds between two looks."""


def sweep(folder: Path, needed: Callable[[Path], bool], age: float = AGE) -> None:
    """Remove files and empty folders that are older than `age` seconds and not needed any more."""
    oldest = time.time() - age
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(parent, name)
            with contextlib.suppress(OSError):  # gone meanwhile
                if path.lstat().st_mtime < oldest and not needed(path):
                    path.unlink()
        with contextlib.suppress(OSError):  # not empty
            if Path(parent) != folder and os.stat(parent).st_mtime < oldest:
                os.rmdir(parent)


@contextlib.contextmanager
def swept(folder: Path, needed: Callable[[Path], bool]) -> Iterator[None]:
    """Sweep a folder now and then, as long as the block lasts.

    Gradio can do that with what it has handed on, not with uploads that broke off.
    """
    stopped = threading.Event()

    def work() -> None:
        while not stopped.wait(EVERY):
            sweep(folder, needed)

    thread = threading.Thread(target=work, name="sweep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def bytes_in(folder: Path) -> int:
    """Return the length of all files in a folder and below it."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total
