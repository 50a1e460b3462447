"""How far a run is and how fast: a bar on a terminal, lines elsewhere."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tqdm import tqdm

from gan.training.schedule import RunLength


class Progress:
    """Steps per second and time left; silent on all but the main process."""

    def __init__(self, done: int, last: int, *, quiet: bool) -> None:
        self.last, self.quiet = last, quiet
        # tqdm's None turns the bar off where stderr is not a terminal.
        self.bar = tqdm(total=last, initial=done, unit="step", disable=True if quiet else None)
        self.measured_at, self.measured_step = time.perf_counter(), done

    def steps_per_second(self, step: int) -> float:
        """Return steps per second since the last call."""
        now = time.perf_counter()
        rate = (step - self.measured_step) / (now - self.measured_at)
        self.measured_at, self.measured_step = now, step
        return rate

    def seconds(self) -> float:
        """Return seconds since the last measurement."""
        return time.perf_counter() - self.measured_at

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Keep the time of what is done in here out of the speed: it is not a step."""
        begun = time.perf_counter()
        yield
        spent = time.perf_counter() - begun
        self.measured_at += spent
        if not self.bar.disable:
            self.bar.last_print_t += spent

    def rewind(self, step: int) -> None:
        """Continue from an earlier step."""
        self.bar.update(step - self.bar.n)
        self.measured_at, self.measured_step = time.perf_counter(), step

    def show(self, step: int, losses: Mapping[str, float], rate: float) -> None:
        """Print where the run is: beside the bar, or on a separate line."""
        if self.bar.disable and not self.quiet:
            left = tqdm.format_interval((self.last - step) / rate) if rate else "unknown"
            shown = ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
            print(f"step {step}/{self.last}, {left} left: {shown}", file=sys.stderr, flush=True)
        self.bar.set_postfix({name: f"{value:.2f}" for name, value in losses.items()})


def finished(step: int, length: RunLength, reason: str | None) -> str:
    """Return that a run has nothing left to do; the reason is an observer's for ending it."""
    return f"finished at step {step} of {length.last_step}" + (
        f": {reason}" if reason else more(length)
    )


def more(length: RunLength) -> str:
    """Return how to continue, where train.max_steps ends a run before its epochs do."""
    return "; a higher train.max_steps continues" if length.stop < length.last_step else ""
