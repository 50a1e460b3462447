"""Show progress: a bar on a terminal, a line a minute elsewhere, nothing if there are no items."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

from tqdm import tqdm

from gan.system.text import printable

if TYPE_CHECKING:
    Base = tqdm[Any]
else:
    Base = tqdm

Item = TypeVar("Item")

FIRST, EVERY = 10, 60
"""Seconds to the first line and between lines, without a terminal."""
SHORTEST = 10
"""Smallest length of the bar itself; words beside it are dropped to keep it."""
WIDEST = 100
"""Largest length of a line in a log, in characters."""


class Bar(Base):
    """A bar with words beside it, as many as fit the terminal."""

    def __init__(self, total: int, unit: str, *, done: int, title: str, off: bool, leave: bool):
        """`unit` is a plural; `off` turns the bar off on a terminal, too."""
        self.values: Sequence[str] = ()
        super().__init__(
            total=total, initial=done, unit=unit, desc=printable(title), leave=leave,
            dynamic_ncols=True,
            disable=True if off else None,  # None: off where stderr is a file or a pipe
        )  # fmt: skip

    @property
    def format_dict(self) -> MutableMapping[str, Any]:
        """The values from which tqdm draws the bar."""
        facts = super().format_dict
        if "ncols" not in facts:  # a bar that is off
            return facts
        width = facts["ncols"] or 80
        title = shortened(facts["prefix"], width // 3) + ": " if facts["prefix"] else ""
        room = width - 1 - len(f"{title}100%|| ") - SHORTEST  # a full line may wrap
        text = fitted(self.words(facts), room)
        head, tail = (part.replace("{", "{{").replace("}", "}}") for part in (title, text))
        return {**facts, "bar_format": f"{head}{{percentage:3.0f}}%|{{bar}}| {tail}"}

    def words(self, facts: Mapping[str, Any]) -> list[tuple[int, str]]:
        """Return the words beside the bar, each with a rank: high ranks are dropped first."""
        done, total, elapsed = facts["n"], facts["total"], facts["elapsed"]
        rate = facts["rate"] or (elapsed and (done - facts["initial"]) / elapsed)
        when = f"in {duration(elapsed)}" if done >= total else left(total - done, rate, "")
        unit = facts["unit"]
        where = "" if unit == "%" else count(done, total, unit)  # shown before the bar
        ranks = (2, 3, *range(5, 5 + len(self.values)))
        values = zip(ranks, self.values, strict=False)
        return [(0, where), (1, when), (4, speed(rate, unit)), *values]


class Progress:
    """Counts finished items, and shows their number."""

    def __init__(
        self,
        total: int,
        unit: str,
        *,
        title: str = "",
        shown: bool = True,
        leave: bool = True,
        done: int = 0,
    ) -> None:
        """`unit` is a plural; `leave` keeps the bar on the terminal when all is done.

        done: items that were finished earlier; they do not count for the speed.
        """
        self.total, self.unit, self.title = total, unit, title
        self.done = self.initial = done
        shown = shown and total > 0
        self.bar = Bar(total, unit, done=done, title=title, off=not shown, leave=leave)
        self.lines = shown and self.bar.disable
        self.begun = time.monotonic()
        self.due = self.begun + FIRST

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    @property
    def on_terminal(self) -> bool:
        """Whether there is a bar."""
        return not self.bar.disable

    def show(self, values: Sequence[str]) -> None:
        """Show values beside the bar; if not all fit, the first ones."""
        self.bar.values = values

    def update(self, count: int = 1) -> None:
        """Count `count` more finished items."""
        self.done += count
        self.bar.update(count)
        now = time.monotonic()
        if self.lines and now >= self.due and self.done < self.total:
            self.due = now + EVERY
            print(printable(self.line(now - self.begun)), file=sys.stderr, flush=True)

    def line(self, elapsed: float) -> str:
        """Return the progress as a line for a log, after `elapsed` seconds."""
        ahead = left(self.total - self.done, (self.done - self.initial) / elapsed if elapsed else 0)
        title = f"{self.title}: " if self.title else ""
        return f"{title}{count(self.done, self.total, self.unit)}, {ahead}"


def watched(items: Sequence[Item], unit: str, **options: Any) -> Iterator[Item]:
    """Yield items; each counts as finished when the next one is requested.

    options: those of Progress.
    """
    return counted(items, len(items), unit, **options)


def counted(items: Iterable[Item], total: int, unit: str, **options: Any) -> Iterator[Item]:
    """Yield `total` items; each counts as finished when the next one is requested."""
    with Progress(total, unit, **options) as progress:
        for item in items:
            yield item
            progress.update()


# Words


def count(done: int, total: int, unit: str) -> str:
    """Return the progress: "312 of 10000 images", "step 500/3780", or "31%"."""
    if unit == "%":
        return f"{100 * done // total}%"
    return f"step {done}/{total}" if unit == "steps" else f"{done} of {total} {unit}"


def left(count: int, rate: float, unknown: str = "time left unknown") -> str:
    """Return the time left for `count` items at a rate in items per second."""
    return f"{duration(count / rate)} left" if rate else unknown


def duration(seconds: float) -> str:
    """Return seconds as 29:17, 5:29:17 or 11 days."""
    days = round(seconds / 86400)
    return f"{days} days" if days > 1 else tqdm.format_interval(seconds)


def speed(rate: float, unit: str) -> str:
    """Return a speed: "2.1 steps/s", or "3.2 s/step" below one a second."""
    if not rate or unit == "%":
        return ""
    if rate < 1:
        return f"{1 / rate:.1f} s/{singular(unit)}"
    return f"{rate:.1f} {unit}/s" if rate < 100 else f"{rate:.0f} {unit}/s"


def singular(unit: str) -> str:
    """Return the singular of a unit."""
    return unit.removesuffix("es") if unit.endswith("ches") else unit.removesuffix("s")


def shortened(text: str, width: int) -> str:
    """Return a text, or only its end if it is longer than `width`."""
    return text if len(text) <= width else f"…{text[1 - width :]}"


def fitted(words: Sequence[tuple[int, str]], room: int) -> str:
    """Join the texts of (rank, text) by commas, in order; drop the highest ranks to fit `room`."""
    chosen: list[int] = []
    present = [number for number, (_, text) in enumerate(words) if text]
    for number in sorted(present, key=lambda number: words[number][0]):
        more = sorted([*chosen, number])
        if chosen and len(", ".join(words[each][1] for each in more)) > room:
            break
        chosen = more
    return ", ".join(words[each][1] for each in chosen)
