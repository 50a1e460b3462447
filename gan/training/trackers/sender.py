"""Send a run's entries to a tracker, in a thread: a tracker that fails or waits stops no run."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue

from gan.training.trackers.history import Entry
from gan.training.trackers.store import Store

PAUSE = 60.0
"""Seconds until an entry that failed is tried again."""
START = 30.0
"""Seconds for which a run waits, before its first step, until its trackers have started."""
PATIENCE = 120.0
"""Seconds for which a run that has ended waits until one more entry is sent."""

Job = Callable[[Store], None]


class Sender:
    """Sends entries in their order. A failure is printed once; the entry is tried again later."""

    def __init__(self, store: Store, print_line: Callable[[str], None]) -> None:
        self.store, self.print_line = store, print_line
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.started = self.reported = False
        self.ready, self.closing = threading.Event(), threading.Event()
        self.sent = 0
        self.thread = threading.Thread(target=self.work, name=f"tracker {store.name}", daemon=True)

    def start(self, earlier: Sequence[Entry]) -> None:
        """Start the tracker, and send the entries of earlier sessions that its store lacks."""
        self.jobs.put(lambda store: None)
        for entry in earlier:
            self.send(entry)
        self.thread.start()

    def send(self, entry: Entry) -> None:
        """Send an entry, later."""
        self.jobs.put(lambda store: store.add(entry))

    def files(self, paths: Sequence[Path]) -> None:
        """Store files, later."""
        self.jobs.put(lambda store: store.files(paths))

    def close(self) -> None:
        """Send the rest. If that fails once, or takes too long, the next start of the run does."""
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
        """Try a job until it succeeds; return False if the run has ended before."""
        while not self.attempt(job):
            if self.closing.is_set():
                return False
            self.closing.wait(PAUSE)
        return True

    def attempt(self, job: Job) -> bool:
        """Try a job once; return whether it succeeded. The tracker is started if it is not yet."""
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
        """Print a failure, the first one only."""
        if not self.reported:
            self.reported = True
            self.print_line(
                f"{self.store.name} (run.trackers) failed, the training continues: {reason}. "
                "What it lacks is sent when it answers, or at the next start of the run"
            )
