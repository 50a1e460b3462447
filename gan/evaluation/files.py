"""RUN/metrics.jsonl and RUN/evaluation/: lines that others read, whole or not there."""

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from gan.evaluation.records import ImageScores
from gan.images.writer import write_whole

METRICS = "metrics.jsonl"


def append_line(path: Path, record: dict[str, Any]) -> None:
    """Add a record as one line, in one write, and never to a line that was torn off.

    OSError names the file.
    """
    line = json.dumps(record, allow_nan=False).encode() + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+", buffering=0) as file:
            wait_for(file)
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line)
            os.fsync(file.fileno())
    except OSError as error:
        raise OSError(f"{path}: {error.strerror or error}") from error


def wait_for(file: BinaryIO) -> None:
    """Hold a file until it is closed, after whoever holds it now, where there are such locks."""
    if os.name == "posix":
        import fcntl

        with contextlib.suppress(OSError):  # some network disks have none
            fcntl.flock(file, fcntl.LOCK_EX)


def images_file(folder: Path, step: int) -> Path:
    """Where the scores of a step's images lie."""
    return folder / "evaluation" / f"step-{step:08d}.jsonl"


def write_images(path: Path, images: Iterable[ImageScores]) -> None:
    """One line an image; a file of an earlier evaluation of the same step is replaced."""
    text = "".join(json.dumps(image.record(), allow_nan=False) + "\n" for image in images)
    write_whole(path, lambda file: file.write(text.encode()))
