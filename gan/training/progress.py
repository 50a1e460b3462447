"""Show the progress and speed of a run: a bar on a terminal, lines elsewhere."""

import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from gan.config import Config
from gan.config.tables.recipes import RECIPES
from gan.domains import stem
from gan.system.progress import WIDEST, Bar, count, fitted, left, speed
from gan.training.schedule import RunLength

UNIT = "steps"
MOST = 3
"""Number of losses that are shown at most; TensorBoard has all."""
HIDDEN = ("discriminator", "score", "gradient", "skipped")
"""Beginnings of names that are not generators' losses."""


class Progress:
    """Shows steps, time left, speed and losses; prints nothing if `quiet`."""

    def __init__(self, done: int, last: int, *, quiet: bool, terms: Collection[str] = ()) -> None:
        """`terms` are the stems of the losses to show, without direction or domain.

        If it is empty, the first losses are shown. `done` of `last` steps are done already.
        """
        self.last, self.quiet, self.terms = last, quiet, terms
        self.bar = Bar(last, UNIT, done=done, title="", off=quiet, leave=True)
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
        """Exclude the time spent in this block from the speed."""
        begun = time.perf_counter()
        yield
        spent = time.perf_counter() - begun
        self.measured_at += spent
        if not self.bar.disable:
            self.bar.last_print_t += spent

    def rewind(self, step: int) -> None:
        """Continue from `step`, which may be an earlier one; measure the speed from now on."""
        self.bar.update(step - self.bar.n)
        self.measured_at, self.measured_step = time.perf_counter(), step

    def show(self, step: int, values: Mapping[str, float], rate: float) -> None:
        """Show the step and values: beside the bar, or on a separate line."""
        shown = list(shown_values(values, self.terms))
        if not self.bar.disable:
            self.bar.values = shown
            self.bar.refresh()
        elif not self.quiet:
            print(line(step, self.last, rate, shown), file=sys.stderr, flush=True)


def line(step: int, last: int, rate: float, values: Collection[str]) -> str:
    """Return the line of a log: step, time left, speed, and as many values as fit."""
    ahead = left(last - step, rate) if step < last else ""
    head = ", ".join(filter(None, (count(step, last, UNIT), ahead, speed(rate, UNIT))))
    tail = fitted([*enumerate(values)], WIDEST - len(f"{head}: "))
    return f"{head}: {tail}" if tail else head


def shown_terms(config: Config) -> list[str]:
    """Return the stems of a run's most informative losses: its recipe's and those of loss.terms.

    Return [], which shows the first losses, if the recipe names none.
    """
    own = [name for name, weight in config.loss.terms.items() if weight]
    recipe = RECIPES[config.recipe].shown
    return [*recipe, *own] if recipe else []


def shown_values(values: Mapping[str, float], terms: Collection[str]) -> Iterator[str]:
    """Yield skipped steps, if any, and losses as text, each the mean over its directions."""
    if skipped := values.get("skipped_steps"):
        yield f"skipped steps {skipped:.0f}"
    stems: dict[str, list[float]] = {}
    for name, value in values.items():
        if not name.startswith(HIDDEN):
            stems.setdefault(stem(name), []).append(value)
    named = [name for name in terms if name in stems] or list(stems)
    for name in named[:MOST]:
        yield f"{name} {number(sum(stems[name]) / len(stems[name]))}"


def number(value: float) -> str:
    """Return a number with two decimals, or with two significant digits if it is small."""
    return f"{value:.2f}" if value == 0 or abs(value) >= 0.095 else f"{value:.2g}"


def finished(step: int, length: RunLength, reason: str | None) -> str:
    """Return the line about a finished run.

    reason: why an observer ended it, or None.
    """
    return f"finished at step {step} of {length.last_step}" + (
        f": {reason}" if reason else more(length)
    )


def more(length: RunLength) -> str:
    """Return advice if train.max_steps ends the run before its last epoch does, else ""."""
    return "; set train.max_steps higher to train further" if length.stop < length.last_step else ""
