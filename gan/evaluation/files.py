"""Write RUN/metrics.jsonl and RUN/evaluation/, one JSON object a line, atomically."""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from gan.evaluation.records import Evaluation, ImageScores
from gan.system.atomic import lock, write_whole

METRICS_FILE = "metrics.jsonl"


def write_evaluation(
    folder: Path,
    step: int,
    epoch: int | None,
    evaluation: Evaluation,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """Write the scores of the images, and a line of metrics.jsonl with the entries of `more`.

    Return the name of the scores' file, relative to `folder`.
    """
    images = write_images(folder, step, evaluation.images)
    line = {
        "step": step,
        "epoch": epoch,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "images": images,
    }
    append_line(folder / METRICS_FILE, line | evaluation.record() | dict(more))
    return images


def append_line(path: Path, record: dict[str, Any]) -> None:
    """Append a record as one line of JSON, in one write; first end an incomplete last line.

    OSError, with the path, if the file cannot be written.
    """
    line = json.dumps(record, allow_nan=False).encode() + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _held(path) as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line)
            os.fsync(file.fileno())
    except OSError as error:
        raise OSError(f"{path}: {error.strerror or error}") from error


def forget(folder: Path, step: int) -> None:
    """Delete the entries that training wrote about steps after `step`, with the images' scores.

    A run that continues from `step` measures the later steps again. Lines of `gan evaluate` stay:
    each is about the generator's file named in its protocol. metrics.jsonl is replaced atomically.
    """
    path = folder / METRICS_FILE
    if not path.exists():
        return
    with _held(path) as file:
        file.seek(0)
        lines = file.readlines()
        late = {line: record for line in lines if (record := superseded(line, step))}
        if late:
            kept = b"".join(line for line in lines if line not in late)
            write_whole(path, lambda new: new.write(kept))
    for record in late.values():
        if "images" in record:
            scores = folder / "evaluation" / Path(str(record["images"])).name
            scores.unlink(missing_ok=True)


def superseded(line: bytes, step: int) -> dict[str, Any] | None:
    """Return a line's record if training wrote it about a step after `step`; else None."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        record: dict[str, Any] = json.loads(line)
        return record if record["step"] > step and "models" not in record["protocol"] else None
    return None


@contextlib.contextmanager
def _held(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read and append; hold its lock meanwhile, if the disk supports locks."""
    while True:
        with path.open("ab+", buffering=0) as file:
            with contextlib.suppress(OSError):  # some network disks have no locks
                lock(file, wait=True)
            # `forget` may have replaced the file meanwhile.
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield file
                return


def write_images(folder: Path, step: int, images: Iterable[ImageScores]) -> str:
    """Write one line per image into a new file; return its name relative to the folder.

    The name is evaluation/step-NNNNNNNN.jsonl, or the first of step-NNNNNNNN-2.jsonl and so on that
    does not exist: earlier scores are not replaced.
    """
    text = "".join(json.dumps(asdict(image), allow_nan=False) + "\n" for image in images)
    suffixes = chain([""], (f"-{number}" for number in count(2)))
    names = (f"evaluation/step-{step:08d}{suffix}.jsonl" for suffix in suffixes)
    name = next(name for name in names if not os.path.lexists(folder / name))
    write_whole(folder / name, lambda file: file.write(text.encode()), replace=False)
    return name
