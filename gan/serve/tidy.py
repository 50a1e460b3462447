"""Delete old files from the folder of all visitors, and measure its size."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

AGE = 3600
"""Seconds that a file is kept."""
EVERY = 300
"""Seconds between two sweeps."""


def sweep(folder: Path, needed: Callable[[Path], bool], age: float = AGE) -> None:
    """Remove files older than `age` seconds that are not needed, and old empty folders."""
    oldest = time.time() - age
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(parent, name)
            with contextlib.suppress(OSError):  # removed in the meantime
                if path.lstat().st_mtime < oldest and not needed(path):
                    path.unlink()
        with contextlib.suppress(OSError):  # not empty
            if Path(parent) != folder and os.stat(parent).st_mtime < oldest:
                os.rmdir(parent)


@contextlib.contextmanager
def swept(folder: Path, needed: Callable[[Path], bool]) -> Iterator[None]:
    """Sweep a folder every EVERY seconds during the block.

    Gradio can delete files that it has processed, but not interrupted uploads.
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
    """Return the total bytes of all files in a folder and below it."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total
