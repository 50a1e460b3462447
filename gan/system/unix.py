"""Functions of Unix that Windows lacks, each with a replacement; no other module calls them."""

import ctypes
import os
import signal
import sys
import threading
from importlib import import_module
from typing import Any

import psutil

_MOVE = threading.Lock()
"""Held from a seek to the read or write, on systems without a call for both."""


def _unix(name: str) -> Any:
    """Return a module that only Unix has, or None."""
    try:
        return import_module(name)
    except ImportError:
        return None


def hold(descriptor: int, *, shared: bool = False) -> bool:
    """Lock an open file until it is closed; return False if another process holds it.

    shared: allow other shared locks. These locks belong to the process: if it is killed, its
    workers do not keep them, as they would with filelock (gan/system/atomic.py). On Windows other
    processes could not read a locked file, so nothing is locked there. Nor is it on a disk without
    locks. Both return True.
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
    """Read bytes of a file from a position into a buffer; return their number."""
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, [buffer], position)
    with _MOVE:
        os.lseek(descriptor, position, os.SEEK_SET)
        content = os.read(descriptor, len(buffer))
    buffer[: len(content)] = content
    return len(content)


def write_at(descriptor: int, buffer: memoryview, position: int) -> int:
    """Write a buffer's bytes to a file at a position; return the number written."""
    if hasattr(os, "pwritev"):
        return os.pwritev(descriptor, [buffer], position)
    with _MOVE:
        os.lseek(descriptor, position, os.SEEK_SET)
        return os.write(descriptor, buffer)


def reserve(descriptor: int, size: int) -> None:
    """Reserve `size` bytes of disk for a file; OSError if the disk is too small.

    Windows and macOS have no such call: there the error comes when the disk is full.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)


def usable_cores() -> int:
    """Return the number of cores that this process may use, or else the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def peak_resident() -> int:
    """Return the peak resident memory of this process in bytes."""
    if (resource := _unix("resource")) is None:
        memory = psutil.Process().memory_info()
        return int(getattr(memory, "peak_wset", memory.rss))
    peak = int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak if sys.platform == "darwin" else peak * 1024


def follow_parent(number: signal.Signals) -> None:
    """Receive a signal when the parent process dies; on Linux only."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, number)
