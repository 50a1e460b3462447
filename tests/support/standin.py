"""A server with known translations: `python standin.py FOLDER`, until SIGTERM.

It is a separate process, because Gradio leaves event loops and sockets open: errors in tests.
"""

import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from gan.inference.translator import Translator
from gan.serve.command import listen, serve_until_stopped
from gan.serve.models import Choice
from gan.serve.options import ServeOptions
from gan.serve.studio import Studio

LIMITS = ServeOptions(
    models=[], max_megapixels=0.1, max_megabytes=1, max_files=20, max_batch_megapixels=1,
    max_queue=8,
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


def stand_in(folder: Path) -> Studio:
    """Return a studio of two models: the negative, and the identity."""

    def translator(factor: int) -> Translator:
        return Translator(Times(factor, folder.parent / "hold"), 3, torch.device("cpu"))

    choices = [
        Choice("negative", "ab", translator(-1)),
        Choice("negative", "ba", translator(1)),
        Choice("same", "ab", translator(1)),
    ]
    return Studio(choices, LIMITS, folder)


if __name__ == "__main__":
    with listen("127.0.0.1", 0) as listener:
        serve_until_stopped(stand_in(Path(sys.argv[1])), listener)
