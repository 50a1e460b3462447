"""Handle signals that stop a run: it finishes its step, saves, and ends with status 75."""

import multiprocessing
import os
import signal
import threading
import time
from types import FrameType
from typing import Any, Self

from gan.system.unix import follow_parent

STOPPED = 75
"""Exit status of a run that a signal stopped and that can be resumed: EX_TEMPFAIL."""

SIGNALS = tuple(each for each in signal.Signals if each.name in ("SIGTERM", "SIGINT", "SIGUSR1"))
"""Signals of batch schedulers, users and launchers. Windows has no SIGUSR1."""


SLICE = 0.25
"""Interval in seconds at which `pause` checks for a signal."""


_shared: list[Any] = []
"""Shared memory with the number of the first signal, or 0, for loader workers; else empty."""


class Interruption:
    """Records the first signal instead of ending the process; a second SIGINT ends it at once."""

    present: "Interruption | None" = None
    """The instance whose handlers are installed in this process."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None

    def __enter__(self) -> Self:
        # Python handles signals in the main thread only; a run in another one has no handlers.
        numbers = SIGNALS if threading.current_thread() is threading.main_thread() else ()
        self.before = {number: signal.signal(number, self.note) for number in numbers}
        _follow_launcher()
        for number in _shared:  # of an earlier run of this process
            number.value = 0
        self.around, Interruption.present = Interruption.present, self
        return self

    def __exit__(self, *_: object) -> None:
        Interruption.present = self.around
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def note(self, number: int, _: FrameType | None) -> None:
        """Record a signal; for a SIGINT after any recorded signal, end the process at once."""
        if self.received is not None and number == signal.SIGINT:
            os._exit(128 + number)
        self.received = self.received or signal.Signals(number)
        for shared in _shared:
            shared.value = self.received


def pause(seconds: float) -> signal.Signals | None:
    """Sleep, but return at once when a signal is recorded; return that signal, or None."""
    end = time.monotonic() + seconds
    while True:
        if found := received():
            return found
        if (left := end - time.monotonic()) <= 0:
            return None
        time.sleep(min(left, SLICE))


def received() -> signal.Signals | None:
    """Return the signal recorded by this process or, in a loader worker, by its trainer."""
    present = Interruption.present and Interruption.present.received
    return present or next((signal.Signals(each.value) for each in _shared if each.value), None)


def shared_signal() -> Any:
    """Return the shared memory in which loader workers find this process's signal."""
    if not _shared:
        _shared.append(multiprocessing.RawValue("i", 0))
    return _shared[0]


def leave_signals(shared: Any) -> None:
    """Ignore signals in a loader worker, so that it does not end before its trainer.

    Signals to a process group reach both. The trainer's signal appears in `shared`, so that `pause`
    ends.
    """
    _shared[:] = [shared]
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _follow_launcher() -> None:
    """Receive SIGTERM if `accelerate launch` dies: it does not forward signals. Linux only."""
    by_accelerate = "ACCELERATE_MIXED_PRECISION" in os.environ
    by_torchrun = "TORCHELASTIC_RUN_ID" in os.environ  # forwards signals itself
    if by_accelerate and not by_torchrun:
        follow_parent(signal.SIGTERM)
