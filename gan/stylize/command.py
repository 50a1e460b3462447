"""The command `gan stylize`: read the pictures, paint them at every size, write the result."""

import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path

from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from gan.config.choices import Method
from gan.features.weights import pretrained
from gan.images import Mark, mark_of
from gan.stylize.brush import Brush
from gan.stylize.clip import stylize_clip
from gan.stylize.memory import announce
from gan.stylize.objective import Terms
from gan.stylize.options import StylizeOptions
from gan.stylize.results import check_new, write_marked
from gan.stylize.scene import ladder, read_sources
from gan.stylize.sweep import sheet, table
from gan.stylize.wct.command import stylize_by_wct
from gan.system.progress import Progress
from gan.system.text import printable

SHOW_EVERY = 10
"""Steps between updates of the loss on the progress bar, since each update waits for the GPU."""


class ProgressLog:
    """Counts the steps of one picture on a bar, logs its losses and saves intermediate pictures."""

    def __init__(
        self,
        bar: Progress,
        writer: SummaryWriter | None,
        output: Path,
        save_every: int | None,
        mark: Mark | None = None,
    ):
        self.bar, self.writer, self.output, self.save_every = bar, writer, output, save_every
        self.step, self.mark = 0, mark

    def note(self, terms: Terms, finished: Callable[[], Image.Image]) -> None:
        """Record an evaluation; every save_every steps write the picture next to the output."""
        self.step += 1
        self.bar.update()
        if self.writer:
            for name, value in terms.numbers().items():
                self.writer.add_scalar(f"loss/{name}", value, self.step)
        if self.step % SHOW_EVERY == 1 and self.bar.on_terminal:
            self.bar.show([f"{name} {x:.3g}" for name, x in terms.numbers().items()])
        if self.save_every and self.step % self.save_every == 0:
            place = self.output.with_stem(f"{self.output.stem}-step{self.step:05d}")
            write_marked(finished(), place, self.mark)


def stylize(config: StylizeOptions) -> int:
    """Paint a photograph or a clip in the style of paintings; return the exit status.

    ValueError, before anything is painted, if an output exists and overwrite is not set.
    """
    if config.whole_folder:
        return METHODS[config.method](config)
    check_new(config.output, overwrite=config.overwrite)
    status = stylize_clip(config) if config.is_clip else METHODS[config.method](config)
    if status == 0:
        what = "clip" if config.is_clip else "image"
        print(printable(f"1 {what} stylized to {config.output}"), file=sys.stderr)
    return status


def stylize_by_optimization(config: StylizeOptions) -> int:
    """Minimize the loss over the pixels, once or for a sweep; return the exit status."""
    swept = table(config) if config.sweep else None
    cells = swept.cells if swept else [("", config)]
    configs = [cell for _, cell in cells]
    sources, brush = read_sources(config.content, config.style, config.masks), Brush.of(config)
    weights = config.perceptual.weights or pretrained(config.perceptual.backbone)
    mark = mark_of(weights) if config.marks else None
    announce(configs, sources, brush.extract, brush.device)
    pictures = []
    total = sum(cell.steps * len(ladder(sources.photo, cell.size, cell.sizes)) for cell in configs)
    with Progress(total, "steps") as bar:
        for name, cell in cells:
            output = (
                config.output.with_stem(f"{config.output.stem}-{name}") if name else config.output
            )
            with SummaryWriter(str(config.log / name)) if config.log else nullcontext() as writer:
                diary = ProgressLog(bar, writer, output, config.save_every, mark)
                pictures.append(brush.paint(cell, sources, note=diary.note))
    write_marked(sheet(swept, pictures) if swept else pictures[0], config.output, mark)
    return 0


METHODS: Mapping[Method, Callable[[StylizeOptions], int]] = {
    "optimize": stylize_by_optimization,
    "wct": stylize_by_wct,
}
"""The function that paints, by the name of the method."""
