"""Log scalars, texts and grids of the same test images to all trackers of a run."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import torch
from torch import Tensor

from gan.config import Config
from gan.config.table import load
from gan.config.tables.tags import tag_of
from gan.config.tables.trackers import TRACKERS, others
from gan.images import write_image
from gan.images.pixels import to_image, to_pixels
from gan.system.text import dotted
from gan.training.trackers.history import Entry, History
from gan.training.trackers.sender import START, Sender
from gan.training.trackers.store import Place
from gan.training.trackers.tensorboard import TensorBoard


class Tracker:
    """Writes samples/ and sends to the trackers; only the main process has one.

    OSError, with the path, if a file of the run cannot be written.
    """

    def __init__(
        self, folder: Path, start_step: int, *, board: bool = True, senders: Sequence[Sender] = ()
    ) -> None:
        """Start to log after `start_step` steps; with TensorBoard if `board` is set."""
        self.folder, self.senders = folder, senders
        self.board = TensorBoard(folder, start_step) if board else None
        self.history = History(folder, start_step) if senders else None
        # What the present step has logged so far.
        self.entry = Entry(start_step)
        for sender in senders:
            sender.start(self.history.entries if self.history else [])
        # What trackers print comes before the run's first line.
        until = time.monotonic() + START
        for sender in senders:
            sender.ready.wait(until - time.monotonic())

    def close(self) -> None:
        """Write the remaining logs, and wait for the trackers."""
        with ExitStack() as closing:
            for sender in self.senders:
                closing.callback(sender.close)
            if self.board:
                closing.callback(self.board.close)
            self.send()

    def scalars(self, step: int, values: Mapping[str, float], group: str = "") -> None:
        """Log `values`, scalars by name.

        group: TensorBoard's group for names that are not in the table of tags.
        """
        tagged = {tag_of(name, group): float(value) for name, value in values.items()}
        if self.board:
            self.board.scalars(step, tagged)
        self.note(Entry(step, scalars=tagged))

    def text(self, step: int, name: str, text: str) -> None:
        """Log `text`, plain or Markdown."""
        if self.board:
            self.board.text(step, name, text)
        self.note(Entry(step, texts={name: text}))

    def grid(self, step: int, direction: str, columns: Sequence[Tensor]) -> None:
        """Log a grid and write it to samples/; columns are batches (N, 1 or 3, H, W) in [-1, 1]."""
        batches = [to_pixels(column).cpu().expand(-1, 3, -1, -1) for column in columns]
        rows = [torch.cat(images, dim=2) for images in zip(*batches, strict=True)]
        grid = torch.cat(rows, dim=1)
        name, file = f"samples/{direction}", f"samples/step-{step:08d}-{direction}.png"
        if self.board:
            self.board.image(step, name, grid)
        write_image(to_image(grid), self.folder / file)
        self.note(Entry(step, images={name: file}))

    def files(self, paths: Sequence[Path]) -> None:
        """Store the final generators in trackers that store files."""
        self.send()
        for sender in self.senders:
            sender.files(paths)

    def note(self, part: Entry) -> None:
        """Add a part of a step's entry to the history.

        The first part of a new step sends the entry of the step before.
        """
        if self.history is None:
            return
        if part.step != self.entry.step:
            self.send()
            self.entry = Entry(part.step)
        self.history.append(part)
        self.entry.add(part)

    def send(self) -> None:
        """Send the present entry to the trackers; no more is logged at its step."""
        if self.entry.scalars or self.entry.texts or self.entry.images:
            for sender in self.senders:
                sender.send(self.entry)
        self.entry = Entry(self.entry.step)


def open_tracker(config: Config, step: int, print_line: Callable[[str], None]) -> Tracker:
    """Open the trackers of a run that is at step `step`."""
    run = config.run
    flat = {
        key: value if isinstance(value, bool | int | float | str | None) else str(value)
        for key, value in dotted(config.model_dump(mode="json"))
    }
    place = Place(run.dir, run.project, flat)
    senders = [
        Sender(load(row.store)(name, row, place), print_line)
        for name, row in others(run.trackers).items()
    ]
    board = any(TRACKERS[name].direct for name in run.trackers)
    return Tracker(run.dir, step, board=board, senders=senders)
