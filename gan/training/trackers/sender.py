"""Send a run's entries to a tracker in a thread, so that a slow or failed tracker stops no run."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue

from gan.training.trackers.history import Entry
from gan.training.trackers.store import Store

PAUSE = 60.0
"""Seconds until a failed entry is tried again."""
START = 30.0
"""Longest time in seconds that a run waits for its trackers to start, before its first step."""
PATIENCE = 120.0
"""Longest time in seconds that a finished run waits for each remaining entry."""

Job = Callable[[Store], None]


class Sender:
    """Sends entries in order, and failed ones again. Only the first failure is printed."""

    def __init__(self, store: Store, print_line: Callable[[str], None]) -> None:
        self.store, self.print_line = store, print_line
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.started = self.reported = False
        self.ready, self.closing = threading.Event(), threading.Event()
        self.sent = 0
        self.thread = threading.Thread(target=self.work, name=f"tracker {store.name}", daemon=True)

    def start(self, earlier: Sequence[Entry]) -> None:
        """Start the tracker, and send the earlier sessions' entries that its store lacks."""
        self.jobs.put(lambda store: None)
        for entry in earlier:
            self.send(entry)
        self.thread.start()

    def send(self, entry: Entry) -> None:
        """Send an entry in the thread."""
        self.jobs.put(lambda store: store.add(entry))

    def files(self, paths: Sequence[Path]) -> None:
        """Store files in the thread."""
        self.jobs.put(lambda store: store.files(paths))

    def close(self) -> None:
        """Send the remaining entries.

        If one fails or takes too long, the rest is sent when the run is started again.
        """
        self.jobs.put(None)
        self.closing.set()
        before = -1
        while self.thread.is_alive() and before != self.sent:
            before = self.sent
            self.thread.join(PATIENCE)
        if self.thread.is_alive():
            self.report(f"does not answer for {PATIENCE:.0f} s")

    # In the thread

    def work(self) -> None:
        """Do all jobs, then end the session."""
        while (job := self.jobs.get()) is not None:
            if not self.done(job):
                return
        self.attempt(lambda store: store.finish())

    def done(self, job: Job) -> bool:
        """Try a job until it succeeds; return False if the run ends first."""
        while not self.attempt(job):
            if self.closing.is_set():
                return False
            self.closing.wait(PAUSE)
        return True

    def attempt(self, job: Job) -> bool:
        """Try a job once, and start the tracker before if needed; return whether it succeeded."""
        try:
            if not self.started:
                self.store.start()
                self.started = True
            job(self.store)
        except (Exception, SystemExit) as error:
            self.report(
                f"{type(error).__name__}: {(str(error).strip() or 'no reason').splitlines()[0]}"
            )
            return False
        finally:
            self.ready.set()
        self.sent += 1
        return True

    def report(self, reason: str) -> None:
        """Print the first failure only."""
        if not self.reported:
            self.reported = True
            self.print_line(
                f"{self.store.name} (run.trackers) failed, the training continues: {reason}. "
                "Missing entries are sent later, or when the run is started again"
            )
