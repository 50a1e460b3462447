"""Signals that stop a run: it finishes its step, saves, and shows it by its exit status."""

import os
import signal
import threading
from types import FrameType
from typing import Self

from gan.system.unix import follow_parent

STOPPED = 75
"""Exit status of a run that was told to stop and can be resumed: EX_TEMPFAIL, "try again later"."""

SIGNALS = tuple(each for each in signal.Signals if each.name in ("SIGTERM", "SIGINT", "SIGUSR1"))
"""What batch schedulers, people and launchers send; Windows has no SIGUSR1."""


class Interruption:
    """Notes the first signal of a run instead of dying of it; a second SIGINT leaves at once."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None

    def __enter__(self) -> Self:
        # Python lets the main thread alone handle signals; a run in another one goes without.
        numbers = SIGNALS if threading.current_thread() is threading.main_thread() else ()
        self.before = {number: signal.signal(number, self.note) for number in numbers}
        _follow_launcher()
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def note(self, number: int, _: FrameType | None) -> None:
        """Remember a signal; leave at once when SIGINT comes on top of another."""
        if self.received is not None and number == signal.SIGINT:
            os._exit(128 + number)
        self.received = self.received or signal.Signals(number)


def ignore_signals() -> None:
    """Ignore signals in a loader worker: a signal to the whole group must not end them before their
    trainer."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _follow_launcher() -> None:
    """Be sent SIGTERM when `accelerate launch` dies: it does not pass its own on. Linux only."""
    by_accelerate = "ACCELERATE_MIXED_PRECISION" in os.environ
    by_torchrun = "TORCHELASTIC_RUN_ID" in os.environ  # passes signals on by itself
    if by_accelerate and not by_torchrun:
        follow_parent(signal.SIGTERM)
