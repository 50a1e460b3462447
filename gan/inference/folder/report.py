"""What is said of a translated folder: lines on stderr, and failed.tsv."""

from collections.abc import Iterable
from pathlib import Path

from gan.system.atomic import write_whole
from gan.system.failures import Failure
from gan.system.text import printable

FAILED = "failed.tsv"
HEADER = "file\treason\n"


def check_failed(output: Path) -> None:
    """ValueError where a failed.tsv that is not ours would be replaced."""
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
