"""Write a run's TensorBoard logs."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor
from torch.utils.tensorboard import SummaryWriter


class TensorBoard:
    """Writes a run's logs/ for TensorBoard.

    OSError, with the path, if logs cannot be written. It is raised a call or two later, because
    TensorBoard writes in a thread.
    """

    def __init__(self, folder: Path, start_step: int) -> None:
        self.logs = folder / "logs"
        self.report = threading.excepthook
        threading.excepthook = self.report_others
        # Hides what an interrupted run logged after the step that this one resumes from.
        self.writer = SummaryWriter(str(self.logs), purge_step=start_step + 1)

    def report_others(self, failed: threading.ExceptHookArgs) -> None:
        """Report errors that ended a thread. The next call raises TensorBoard's errors instead."""
        if type(failed.thread).__name__ != "_AsyncWriterThread":
            self.report(failed)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Add the path of logs/ to an OSError that is raised in this context."""
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

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Log `values` by tag."""
        with self.named():
            for tag, value in values.items():
                self.writer.add_scalar(tag, value, step)

    def text(self, step: int, name: str, text: str) -> None:
        """Log `text`, plain or Markdown."""
        with self.named():
            self.writer.add_text(name, text, step)

    def image(self, step: int, name: str, pixels: Tensor) -> None:
        """Log an image, uint8 (3, H, W)."""
        with self.named():
            self.writer.add_image(name, pixels, step)
