"""Measure free and used memory; report memory errors."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import torch

from gan.system.unix import peak_resident

LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Files with a container's memory limit: cgroups of version 2 and 1."""


def free_memory(device: torch.device) -> int:
    """Return the bytes that this process can still allocate on a device or in its container."""
    if device.type == "cuda":
        unused, _ = torch.cuda.mem_get_info(device)
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(unused + kept)
    free = [int(psutil.virtual_memory().available)]
    for limit in LIMITS:
        with contextlib.suppress(OSError, ValueError):  # missing, or "max"
            free.append(int(Path(limit).read_text()) - int(psutil.Process().memory_info().rss))
    return max(0, min(free))


def peak_memory(device: torch.device) -> int:
    """Return the peak memory of this process in bytes: the allocator's on a GPU, else resident."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return peak_resident()


@contextlib.contextmanager
def out_of_memory_as_value_error(advice: str) -> Iterator[None]:
    """Raise ValueError, in one line with the advice, if memory runs out inside the block."""
    try:
        yield
    except Exception as error:
        if not out_of_memory(error):
            raise
        raise ValueError(f"out of memory: {advice}") from error


def out_of_memory(error: Exception) -> bool:
    """Return whether an error means that memory ran out, by its type or, on CPUs, by its text."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "alloc" in str(error).lower()
    )
