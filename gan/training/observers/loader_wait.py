"""Says when a run waits for its images."""

from collections.abc import Mapping
from typing import Any

from gan.training.observers.base import RunContext
from gan.training.trackers import Tracker

TOO_MUCH = 0.2
"""Share of the time spent waiting from which on it is said."""


class LoaderWaitObserver:
    """Logs the share of each window, from one logged step to the next, that waiting took."""

    def __init__(self, context: RunContext) -> None:
        self.context, self.last, self.said = context, 0, False

    def begin(self, step: int, tracker: Tracker | None) -> None:
        """Begin a window."""
        self.context.waits.share()
        self.last = step

    def log(self, step: int, values: Mapping[str, float], tracker: Tracker | None) -> None:
        """Log a window; say it where it is too much, once until it has been better."""
        share = self.context.waits.share()
        since = min(self.last, step - 1)  # a run that has gone back logs earlier steps again
        self.last = step
        if tracker:
            tracker.scalars(step, {"loader_wait": share})
        if share > TOO_MUCH and not self.said:
            self.context.say(
                f"steps {since + 1} to {step}: {share:.0%} of the time went by waiting for images: "
                "more data.workers, data.draft or data.cache would make this run faster"
            )
        self.said = share > TOO_MUCH

    def observe(self, step: int, tracker: Tracker | None) -> None:
        """Nothing."""

    def ended(self) -> None:
        """Never."""

    def state(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Nothing."""
