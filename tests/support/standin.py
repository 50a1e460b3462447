"""A server with known translations: `python standin.py FOLDER`, until SIGTERM.

With a second argument, a folder for its certificate, it serves https. It is a separate process,
because Gradio leaves event loops and sockets open, which are errors in tests.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from gan.images import Mark
from gan.inference.translator import Translator
from gan.serve.about import About
from gan.serve.certificate import names_here, own_certificate
from gan.serve.command import listen, serve_until_stopped
from gan.serve.models import Choice
from gan.serve.options import ServeOptions
from gan.serve.studio import Studio

NAME = "phone.test"
"""What it is called beside localhost: browsers take it for another machine."""
LIMITS = ServeOptions(
    models=[], max_megapixels=0.1, max_megabytes=1, max_files=20, max_batch_megapixels=1,
    max_queue=8, max_clip_megapixels=0.1, max_clip_seconds=4, max_clip_frames=40,
)  # fmt: skip


class Times(nn.Module):
    """Multiplies by -1 or 1, once the file `hold` does not exist."""

    def __init__(self, factor: int, hold: Path) -> None:
        super().__init__()
        self.factor, self.hold = factor, hold

    def forward(self, x: Tensor) -> Tensor:
        while self.hold.exists():
            time.sleep(0.01)
        return self.factor * x


def example(path: Path) -> Path:
    """A picture of one color that tells it from the others by the number in its name."""
    level = 40 + 60 * int(path.stem[4])
    Image.fromarray(np.full((64, 48, 3), level, np.uint8)).save(path)
    return path


def stand_in(folder: Path) -> Studio:
    """Return a studio of two models: the negative, and the identity."""

    def translator(factor: int) -> Translator:
        return Translator(Times(factor, folder.parent / "hold"), 3, torch.device("cpu"))

    examples = tuple(example(folder.parent / f"try {number}#.png") for number in range(3))
    about = About("light → dark", "Turns <b>light</b> into dark.", examples)
    choices = [
        Choice("negative", "ab", translator(-1), about, Mark("5" * 64)),
        Choice("negative", "ba", translator(1)),
        Choice("same", "ab", translator(1)),
    ]
    return Studio(choices, LIMITS, folder)


if __name__ == "__main__":
    secret = own_certificate(names_here([]), Path(sys.argv[2])) if sys.argv[2:] else None
    with listen("127.0.0.1", 0) as listener:
        serve_until_stopped(stand_in(Path(sys.argv[1])), listener, NAME, secret)
