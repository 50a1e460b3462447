"""Work around unexpected behavior of `accelerate launch` and torchrun."""

import json
import os
import sys
import time
from contextlib import suppress
from functools import cache

import psutil

SIZES = ("WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
"""Environment variables in which launchers set the number of processes."""
PATIENCE = 10
"""Seconds that the process which reports a failure waits for the others to end."""


@cache
def warn_if_alone() -> None:
    """Warn once if this process should be one of several and is the only one."""
    if _is_alone_by_mistake():
        print(
            "accelerate launch started one process, not the number that it was given: start "
            "several by `torchrun --nproc_per_node NUMBER ...`",
            file=sys.stderr,
        )


def _is_alone_by_mistake() -> bool:
    """Return whether `accelerate launch` should have started several processes, and started one.

    In that case the launcher has set the address at which processes connect, but not their number.
    """
    by_accelerate = "ACCELERATE_MIXED_PRECISION" in os.environ
    if not by_accelerate or "MASTER_ADDR" not in os.environ:
        return False
    if any(name in os.environ for name in SIZES):
        return False
    with suppress(psutil.Error, OSError):  # the launcher may have inherited the address
        return "MASTER_ADDR" not in psutil.Process().parent().environ()
    return True


def explain_failure(text: str) -> None:
    """Write why this process fails to the file from which torchrun makes its report, if any."""
    if path := os.environ.get("TORCHELASTIC_ERROR_FILE"):
        extra = {"py_callstack": text, "timestamp": str(int(time.time()))}
        with suppress(OSError), open(path, "w", encoding="utf-8") as file:
            json.dump({"message": {"message": text, "extraInfo": extra}}, file)


def wait_for_others() -> None:
    """Wait, at most PATIENCE, for the launcher's other processes on this machine to end."""
    with suppress(psutil.Error, OSError):
        own = psutil.Process()
        words = own.cmdline()
        others = [each for each in own.parent().children() if each != own]
        psutil.wait_procs([each for each in others if _has(each, words)], timeout=PATIENCE)


def _has(process: psutil.Process, words: list[str]) -> bool:
    """Return whether the process's command line is `words`."""
    with suppress(psutil.Error, OSError):
        return bool(process.cmdline() == words)
    return False
