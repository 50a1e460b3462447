"""Files that could not be processed, and why."""

import sys
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from gan.system.text import printable


@dataclass(frozen=True)
class Failure:
    """A file that was not translated, and why, in one line."""

    source: Path
    reason: str


def failure(source: Path, error: Exception) -> Failure:
    """What an exception says of a file."""
    text = " ".join(str(error).removeprefix(f"{source}: ").split())
    return Failure(source, text or type(error).__name__)


def say(source: Path, text: str) -> None:
    """Name a file and what is the matter with it, in one line, without tearing the bar."""
    tqdm.write(printable(f"{source}: {text}"), file=sys.stderr)
