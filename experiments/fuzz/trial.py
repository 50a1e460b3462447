"""Read one damaged file with all readers of images, in a separate process."""

import json
import os
import resource
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from experiments.fuzz.mutants import Mutant
from gan.images import (
    ImageError,
    read_image,
    read_picture,
    read_pixels,
    read_size,
    read_with_traits,
    write_picture,
)
from gan.images.budget import limit_decoding

SECONDS = 5.0
"""Most processor time for a file, in seconds."""
LIMIT = 60
"""Seconds of processor time after which a process is ended."""
BUDGET = 200.0
"""Most megabytes for reading."""
SLACK = 1.1
OWN = 30e6
"""Bytes that libraries use for every image: tables, profiles, thread pools."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of reading a mutant."""

    mutant: Mutant
    outcome: str
    """read, rejected, or a finding: crashed, raised, slow, large, silent."""
    detail: str = ""

    @property
    def found(self) -> bool:
        """Whether it is a finding."""
        return self.outcome not in ("read", "rejected")


def attempt(mutant: Mutant) -> Verdict:
    """Read a mutant in a child process, so that crashes do not affect this one."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            os.write(writer, json.dumps(_tried(mutant)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if not said:
        return Verdict(mutant, "crashed", f"exit status {os.waitstatus_to_exitcode(status)}")
    told: dict[str, Any] = json.loads(said)
    if told["error"]:
        return Verdict(mutant, "raised", told["error"])
    if told["seconds"] > SECONDS:
        return Verdict(mutant, "slow", f"{told['seconds']:.1f} s")
    if told["bytes"] > BUDGET * 1e6 * SLACK + OWN:
        return Verdict(mutant, "large", f"{told['bytes'] / 1e6:.0f} MB")
    if told["read"] and mutant.must_fail:
        return Verdict(mutant, "silent", f"read by {', '.join(told['read'])}")
    return Verdict(mutant, "read" if told["read"] else "rejected")


def _tried(mutant: Mutant) -> dict[str, Any]:
    """Return the readers that succeeded, an error other than ImageError, seconds and bytes."""
    warnings.simplefilter("ignore")
    cv2.setNumThreads(0)
    limit_decoding(BUDGET)
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
    _silence()
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before, began = _memory("VmRSS"), time.process_time()
    read: list[str] = []
    error = ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, mutant.seed)
        path.write_bytes(mutant.content)
        with suppress(ImageError):  # a header may be readable although pixels are missing
            read_size(path)
        for name, function in _readers(Path(folder)).items():
            try:
                function(path)
                read.append(name)
            except ImageError as refused:
                if "\n" in str(refused) or not str(refused).startswith(str(path)):
                    error = f"{name}: {refused!r}"
            except BaseException as other:
                error = f"{name}: {other!r}"
    return {
        "read": read,
        "error": error,
        "seconds": time.process_time() - began,
        "bytes": _memory("VmHWM") - before,
    }


def _readers(folder: Path) -> dict[str, Callable[[Path], object]]:
    """Return functions that read an image, one of which also writes it, by name."""

    def write(path: Path) -> None:
        picture = read_picture(path)
        for suffix in (".png", ".tif", ".jpg"):
            write_picture(picture, folder / f"out{suffix}")

    return {
        "read_image": read_image,
        "read_pixels": read_pixels,
        "read_with_traits": read_with_traits,
        "read_picture": write,
    }


def _memory(key: str) -> int:
    """Return an entry of this process's status in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{key}:")[2].split()[0]) * 1024


def _silence() -> None:
    """Discard messages of libraries to stderr, which do not name the file."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
