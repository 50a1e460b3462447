"""What Unix has and Windows lacks, each with what stands in its place; no other module asks."""

import ctypes
import os
import signal
import sys
import threading
from importlib import import_module
from typing import Any

import psutil

_MOVE = threading.Lock()
"""Held from a seek to what is read or written there, where no call does both."""


def _unix(name: str) -> Any:
    """Return a module of Unix, or None."""
    try:
        return import_module(name)
    except ImportError:
        return None


def hold(descriptor: int, *, shared: bool = False) -> bool:
    """Lock an open file until it is closed, with others that share it; return False where another
    process holds it.

    Locks of this kind are the process's own: workers that outlive a killed process hold none. The
    library filelock, as gan/system/atomic.py uses it, has those that children inherit; and on
    Windows no other process could read a file that it holds. So nothing is locked there, nor on a
    disk without locks, and nothing is held.
    """
    if (fcntl := _unix("fcntl")) is None:
        return True
    try:
        fcntl.lockf(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # both mean that it is held
        return False
    except OSError:  # a disk without locks
        pass
    return True


def read_at(descriptor: int, buffer: memoryview, position: int) -> int:
    """Read bytes of a file from a position into a buffer; return how many."""
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, [buffer], position)
    with _MOVE:
        os.lseek(descriptor, position, os.SEEK_SET)
        content = os.read(descriptor, len(buffer))
    buffer[: len(content)] = content
    return len(content)


def write_at(descriptor: int, buffer: memoryview, position: int) -> int:
    """Write a buffer's bytes into a file at a position; return how many were."""
    if hasattr(os, "pwritev"):
        return os.pwritev(descriptor, [buffer], position)
    with _MOVE:
        os.lseek(descriptor, position, os.SEEK_SET)
        return os.write(descriptor, buffer)


def reserve(descriptor: int, size: int) -> None:
    """Take so many bytes of a disk for a file: OSError now, not when it is full an hour later.

    Windows and macOS have no such call: there it shows when it is full.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)


def usable_cores() -> int:
    """Return how many cores this process may use; of the machine, where a process has no share."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def peak_resident() -> int:
    """Return the most bytes that this process ever held; on Windows by its own count."""
    if (resource := _unix("resource")) is None:
        memory = psutil.Process().memory_info()
        return int(getattr(memory, "peak_wset", memory.rss))
    peak = int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak if sys.platform == "darwin" else peak * 1024


def follow_parent(number: signal.Signals) -> None:
    """Be sent a signal when the process that started this one dies: Linux alone has this."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, number)
