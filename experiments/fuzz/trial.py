"""One damaged file through everything that reads pictures, in a process of its own."""

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
"""Processor time that a file may take."""
LIMIT = 60
"""Seconds of processor time after which a process is ended."""
BUDGET = 200.0
"""Megabytes that reading may take."""
SLACK = 1.1
OWN = 30e6
"""Bytes that libraries take whatever the picture: tables, profiles, threads' pools."""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant."""

    mutant: Mutant
    outcome: str
    """read, refused, or a finding: crashed, raised, slow, large, silent."""
    detail: str = ""

    @property
    def found(self) -> bool:
        """Return whether it is a finding."""
        return self.outcome not in ("read", "refused")


def attempt(mutant: Mutant) -> Verdict:
    """Read a mutant in a child process; what it does there cannot harm this one."""
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
    return Verdict(mutant, "read" if told["read"] else "refused")


def _tried(mutant: Mutant) -> dict[str, Any]:
    """Return what reading took, which readers took the file, and what else than ImageError came."""
    warnings.simplefilter("ignore")
    cv2.setNumThreads(0)
    limit_decoding(BUDGET)
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
    _silence()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, began = _memory("VmRSS"), time.process_time()
    read: list[str] = []
    error = ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, mutant.seed)
        path.write_bytes(mutant.content)
        with suppress(ImageError):  # the header alone may pass: the pixels decide
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
    """Return what reads pixels, and what writes a picture again."""

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
    """Return a number of bytes of this process."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{key}:")[2].split()[0]) * 1024


def _silence() -> None:
    """Drop what libraries write to stderr: it names no file."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
