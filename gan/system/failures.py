"""Report files that could not be processed, with the reasons."""

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
    """A file that could not be processed, and the reason in one line."""

    source: Path
    reason: str


def failure(source: Path, error: Exception) -> Failure:
    """Return the failure of a file, with an exception's message in one line."""
    text = " ".join(str(error).removeprefix(f"{source}: ").split())
    return Failure(source, text or type(error).__name__)


def say(source: Path, text: str) -> None:
    """Print a file and a remark about it in one line on stderr, above the progress bar."""
    tqdm.write(printable(f"{source}: {text}"), file=sys.stderr)


def check_failed(output: Path) -> None:
    """Raise ValueError if the output has a failed.tsv that was not written by `write_failed`."""
    path = output / FAILED
    if path.exists() and not (path.is_file() and path.read_bytes().startswith(HEADER.encode())):
        raise ValueError(
            f"{path}: not written by this command, and would be replaced: move it, or give "
            "another --output"
        )


def write_failed(output: Path, failures: Iterable[Failure]) -> None:
    """Write failures to OUTPUT/failed.tsv, sorted by file; without any, remove that file."""
    lines = sorted(printable(f"{f.source}") + "\t" + printable(f.reason) + "\n" for f in failures)
    path = output / FAILED
    if lines:
        write_whole(path, lambda file: file.write("".join((HEADER, *lines)).encode()))
    else:
        path.unlink(missing_ok=True)
