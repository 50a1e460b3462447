"""What is seen of a stylization while it runs."""

from pathlib import Path
from typing import Any, Self

from PIL import Image
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from gan.images import write_image
from gan.stylize.objective import Terms

SHOW_EVERY = 10
"""Steps between two looks at the loss beside the bar: on a GPU each waits for the device."""


class ProgressLog:
    """Counts the steps of one picture on a bar, logs its losses and keeps pictures on the way."""

    def __init__(self, bar: "tqdm[Any]", log: Path | None, output: Path, save_every: int | None):
        self.bar, self.output, self.save_every = bar, output, save_every
        self.writer = SummaryWriter(str(log)) if log else None
        self.step = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.writer:
            self.writer.close()

    def note(self, terms: Terms) -> bool:
        """Note an evaluation; whether the picture is wanted too."""
        self.step += 1
        self.bar.update()
        if self.writer:
            for name, value in terms.numbers().items():
                self.writer.add_scalar(f"loss/{name}", value, self.step)
        if self.step % SHOW_EVERY == 1 and not self.bar.disable:
            self.bar.set_postfix({name: f"{x:.3g}" for name, x in terms.numbers().items()})
        return bool(self.save_every and self.step % self.save_every == 0)

    def keep(self, image: Image.Image) -> None:
        """Write an intermediate picture beside the output."""
        output = self.output
        write_image(image, output.with_name(f"{output.stem}-step{self.step:05d}{output.suffix}"))
