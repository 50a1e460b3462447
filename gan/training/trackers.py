"""What people see of a run: TensorBoard scalars, and grids of the same test images."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from gan.images import write_image
from gan.images.pixels import to_image, to_pixels


class Tracker:
    """Writes a run's logs/ and samples/; the main process alone has one."""

    def __init__(self, folder: Path, start_step: int) -> None:
        self.samples = folder / "samples"
        # Hides what an interrupted run logged after the step that this one resumes from.
        self.writer = SummaryWriter(str(folder / "logs"), purge_step=start_step + 1)

    def close(self) -> None:
        """Write what is left of the log."""
        self.writer.close()

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Log scalars by name."""
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def text(self, step: int, name: str, text: str) -> None:
        """Log a sentence."""
        self.writer.add_text(name, text, step)

    def grid(self, step: int, direction: str, columns: Sequence[Tensor]) -> None:
        """Log and keep a grid of batches (N, 1 or 3, H, W) in [-1, 1]: a column each."""
        batches = [to_pixels(column).cpu().expand(-1, 3, -1, -1) for column in columns]
        rows = [torch.cat(images, dim=2) for images in zip(*batches, strict=True)]
        grid = torch.cat(rows, dim=1)
        self.writer.add_image(f"samples/{direction}", grid, step)
        write_image(to_image(grid), self.samples / f"step-{step:08d}-{direction}.png")
