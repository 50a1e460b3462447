"""How much memory is left."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import torch

from gan.system.unix import peak_resident

LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""What a container may take: cgroups of version 2 and 1."""


def free_memory(device: torch.device) -> int:
    """Return the bytes that this process can still take on a device or in its container."""
    if device.type == "cuda":
        unused, _ = torch.cuda.mem_get_info(device)
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(unused + kept)
    free = [int(psutil.virtual_memory().available)]
    for limit in LIMITS:
        with contextlib.suppress(OSError, ValueError):  # not there, or "max"
            free.append(int(Path(limit).read_text()) - int(psutil.Process().memory_info().rss))
    return max(0, min(free))


def peak_memory(device: torch.device) -> int:
    """Return the most bytes that this process ever held: on a GPU the allocator's, else resident
    ones."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return peak_resident()


@contextlib.contextmanager
def out_of_memory_as_value_error(advice: str) -> Iterator[None]:
    """Let memory that runs out become a ValueError of one line, which ends with the advice."""
    try:
        yield
    except Exception as error:
        if not out_of_memory(error):
            raise
        raise ValueError(f"out of memory: {advice}") from error


def out_of_memory(error: Exception) -> bool:
    """Tell whether memory has run out; torch tells it in words on CPUs and for CUDA's libraries."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "alloc" in str(error).lower()
    )
