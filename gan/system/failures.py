"""Files that could not be processed, and why."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from gan.system.atomic import write_whole
from gan.system.text import printable

FAILED = "failed.tsv"
HEADER = "file\treason\n"


@dataclass(frozen=True)
class Failure:
    """A file that was not translated, and why, in one line."""

    source: Path
    reason: str


def failure(source: Path, error: Exception) -> Failure:
    """Return a failure of a file, from an exception."""
    text = " ".join(str(error).removeprefix(f"{source}: ").split())
    return Failure(source, text or type(error).__name__)


def say(source: Path, text: str) -> None:
    """Name a file and what is the matter with it, in one line, without tearing the bar."""
    tqdm.write(printable(f"{source}: {text}"), file=sys.stderr)


def check_failed(output: Path) -> None:
    """Raise ValueError where a failed.tsv that is not ours would be replaced."""
    path = output / FAILED
    if path.exists() and not (path.is_file() and path.read_bytes().startswith(HEADER.encode())):
        raise ValueError(
            f"{path}: not written by this command, which would replace it: move it, or give "
            "another --output"
        )


def write_failed(output: Path, failures: Iterable[Failure]) -> None:
    """List failures in OUTPUT/failed.tsv, sorted by file; without any, the list goes."""
    lines = sorted(printable(f"{f.source}") + "\t" + printable(f.reason) + "\n" for f in failures)
    path = output / FAILED
    if lines:
        write_whole(path, lambda file: file.write("".join((HEADER, *lines)).encode()))
    else:
        path.unlink(missing_ok=True)
