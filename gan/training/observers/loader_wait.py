"""Log how long a run waits for its images, and warn if it is too long."""

from collections.abc import Mapping

from gan.training.observers.base import Observer, RunContext
from gan.training.trackers import Tracker

TOO_MUCH = 0.2
"""Share of the time above which a warning is printed."""


class LoaderWaitObserver(Observer):
    """Logs the share of time spent waiting in each window, from one logged step to the next."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.last = 0
        self.warned = False

    def begin(self, step: int, tracker: Tracker | None) -> None:
        """Begin a window."""
        self.context.waits.share()
        self.last = step

    def log(self, step: int, values: Mapping[str, float], tracker: Tracker | None) -> None:
        """Log a window; warn if the share is too large and was not in the window before."""
        share = self.context.waits.share()
        since = min(self.last, step - 1)  # a restored run logs earlier steps again
        self.last = step
        if tracker:
            tracker.scalars(step, {"loader_wait": share})
        if share > TOO_MUCH and not self.warned:
            self.context.print_line(
                f"steps {since + 1} to {step}: {share:.0%} of the time was spent waiting for "
                "images: raise data.workers, or set data.draft or data.cache"
            )
        self.warned = share > TOO_MUCH
