"""What commands print, compared with the texts of tests/golden/terminal.

GAN_WRITE_GOLDEN=1 python -m pytest tests/system/test_terminal.py ... writes them again: look at the
difference before it is committed. Rejected if CI is set.
"""

import io
import os
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "golden" / "terminal"
WIDTHS = (80, 120)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A file that says that it is a terminal."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 2

    def lines(self) -> list[str]:
        """Return what stood on the terminal, each state of a bar a line."""
        drawn = self.getvalue().replace("\r", "\n").splitlines()
        return [line.rstrip() for line in drawn if line.strip()]


def be_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> Terminal:
    """Let stderr be a terminal of a width."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("os.get_terminal_size", lambda *_: os.terminal_size((columns, 24)))
    return terminal


def be_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let all that shows progress read one clock that stands still."""
    clock = Clock()
    monkeypatch.setattr("tqdm.std.time", clock)
    monkeypatch.setattr("time.monotonic", clock)
    monkeypatch.setattr("time.perf_counter", clock)
    return clock


def check_golden(name: str, text: str) -> None:
    """Compare a text with the one that is kept, or keep it."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("GAN_WRITE_GOLDEN"):
        assert not os.environ.get("CI"), "GAN_WRITE_GOLDEN: golden files are not written under CI"
        path.write_text(text, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    assert text == kept, f"{path.name} differs; GAN_WRITE_GOLDEN=1 writes it again"
