"""Log a run: TensorBoard scalars and texts, and grids of the same test images."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from gan.config.tables.tags import tag_of
from gan.images import write_image
from gan.images.pixels import to_image, to_pixels


class Tracker:
    """Writes a run's logs/ and samples/; only the main process has one.

    OSError, with the path, if logs cannot be written; it is raised a call or two after the failure,
    because TensorBoard writes in a thread.
    """

    def __init__(self, folder: Path, start_step: int) -> None:
        self.logs, self.samples = folder / "logs", folder / "samples"
        self.report = threading.excepthook
        threading.excepthook = self.report_others
        # Hides what an interrupted run logged after the step that this one resumes from.
        self.writer = SummaryWriter(str(self.logs), purge_step=start_step + 1)

    def report_others(self, failed: threading.ExceptHookArgs) -> None:
        """Report an error that ended a thread, except TensorBoard's, which the next call raises."""
        if type(failed.thread).__name__ != "_AsyncWriterThread":
            self.report(failed)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Add the path of logs/ to an OSError raised in this context."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or error
            raise type(error)(f"{self.logs}: cannot be written: {reason}") from error

    def close(self) -> None:
        """Write the rest of the log."""
        threading.excepthook = self.report
        with self.named():
            self.writer.close()

    def scalars(self, step: int, values: Mapping[str, float], group: str = "") -> None:
        """Log `values`, scalars by name, in TensorBoard's groups.

        group: TensorBoard's group for names that are not in the table of tags.
        """
        with self.named():
            for name, value in values.items():
                self.writer.add_scalar(tag_of(name, group), value, step)

    def text(self, step: int, name: str, text: str) -> None:
        """Log `text`, plain or Markdown."""
        with self.named():
            self.writer.add_text(name, text, step)

    def grid(self, step: int, direction: str, columns: Sequence[Tensor]) -> None:
        """Log a grid and write it to samples/; columns are batches (N, 1 or 3, H, W) in [-1, 1]."""
        batches = [to_pixels(column).cpu().expand(-1, 3, -1, -1) for column in columns]
        rows = [torch.cat(images, dim=2) for images in zip(*batches, strict=True)]
        grid = torch.cat(rows, dim=1)
        with self.named():
            self.writer.add_image(f"samples/{direction}", grid, step)
        write_image(to_image(grid), self.samples / f"step-{step:08d}-{direction}.png")
