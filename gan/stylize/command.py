"""The command `gan stylize`: read the pictures, paint them at every size, write the result."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from gan.config.choices import Method
from gan.features import Features, LayerTable, chosen_layers
from gan.features.weights import pretrained
from gan.images import Mark, mark_of
from gan.inference.checks import check_size
from gan.inference.devices import pick_device
from gan.stylize.canvas import Extract, prepare
from gan.stylize.descent import minimize
from gan.stylize.memory import check_memory, needed
from gan.stylize.objective import Terms, Weights
from gan.stylize.options import StylizeOptions
from gan.stylize.results import check_new, write_marked
from gan.stylize.scene import (
    Scene,
    Sources,
    fitted_size,
    ladder,
    noise,
    read_sources,
    resized,
    scene,
)
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
    """Paint a photograph in the style of paintings, once or for a sweep; return the exit status.

    ValueError, before anything is painted, if an output exists and overwrite is not set.
    """
    if not config.whole_folder:
        check_new(config.output, overwrite=config.overwrite)
    status = METHODS[config.method](config)
    if not config.whole_folder:
        print(printable(f"1 image stylized to {config.output}"), file=sys.stderr)
    return status


def stylize_by_optimization(config: StylizeOptions) -> int:
    """Minimize the loss over the pixels, once or for a sweep; return the exit status."""
    swept = table(config) if config.sweep else None
    cells = swept.cells if swept else [("", config)]
    configs = [cell for _, cell in cells]
    layers, device = chosen_layers(config.perceptual), pick_device(config.device)
    sources = read_sources(config.content, config.style, config.masks)
    backbone, weights = config.perceptual.backbone, config.perceptual.weights
    extract = Features(backbone, [*layers.content, *layers.style], weights).to(device)
    mark = mark_of(weights or pretrained(backbone)) if config.marks else None
    _announce(configs, sources, extract, device)
    pictures = []
    total = sum(cell.steps * len(ladder(sources.photo, cell.size, cell.sizes)) for cell in configs)
    with Progress(total, "steps") as bar:
        for name, cell in cells:
            output = (
                config.output.with_stem(f"{config.output.stem}-{name}") if name else config.output
            )
            with SummaryWriter(str(config.log / name)) if config.log else nullcontext() as writer:
                diary = ProgressLog(bar, writer, output, config.save_every, mark)
                pictures.append(_paint(cell, sources, extract, layers, device, diary))
    write_marked(sheet(swept, pictures) if swept else pictures[0], config.output, mark)
    return 0


METHODS: Mapping[Method, Callable[[StylizeOptions], int]] = {
    "optimize": stylize_by_optimization,
    "wct": stylize_by_wct,
}
"""The function that paints, by the name of the method."""


def _announce(
    cells: Sequence[StylizeOptions], sources: Sources, extract: Features, device: torch.device
) -> None:
    """Print the memory that the largest picture needs; ValueError if the device has less."""
    largest = max(cells, key=lambda cell: ladder(sources.photo, cell.size, [])[-1])
    width, height = fitted_size(sources.photo, ladder(sources.photo, largest.size, [])[-1])
    channels = sources.channels(largest.preserve_color)
    check_size(width, height, "size: ")
    need = needed(extract, (1, channels, height, width), largest.tile, largest.optimizer, device)
    print(check_memory(need, device, f"{width}x{height}"), file=sys.stderr)


def _paint(
    config: StylizeOptions,
    sources: Sources,
    extract: Extract,
    layers: LayerTable,
    device: torch.device,
    diary: ProgressLog,
) -> Image.Image:
    """Return one stylization, painted from the coarsest size to the finest."""
    weights = Weights(config.content_weight, config.style_weight, config.tv_weight)
    picture: Tensor | None = None
    for longer in ladder(sources.photo, config.size, config.sizes):
        view = scene(sources, longer, config.style_scale, config.preserve_color, device)
        canvas = prepare(
            view, extract, layers, config.shares(), weights, config.strength, config.tile
        )
        if picture is None:
            picture = noise(view.photo, config.seed) if config.init == "noise" else view.photo

        def watch(terms: Terms, painted: Tensor, view: Scene = view) -> None:
            diary.note(terms, lambda: view.finished(painted))

        picture = minimize(
            view.composed(resized(picture, view.photo)),
            canvas.evaluate,
            config.optimizer,
            config.steps,
            watch,
            inside=view.inside(),
        )
    assert picture is not None
    return view.finished(picture)
