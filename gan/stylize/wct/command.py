"""Method wct of `gan stylize`: one photograph, a sweep of it, or a folder of photographs."""

import os
import sys
from typing import Self

import torch
from PIL import Image

from gan.images import Mark, list_images, mark_of, read_image
from gan.inference.checks import check_size
from gan.inference.devices import pick_device
from gan.stylize.colors import luma
from gan.stylize.memory import check_memory
from gan.stylize.options import StylizeOptions
from gan.stylize.results import write_marked
from gan.stylize.scene import Scene, Sources, fitted_size, read_sources, scene
from gan.stylize.sweep import sheet, table
from gan.stylize.wct.opening import decoder_file, open_painter
from gan.stylize.wct.painter import Painter, Styles
from gan.system.failures import failure, say
from gan.system.progress import Progress
from gan.system.text import printable

DIVERGED = "wct.decoder: it returns NaN for this picture: its training has diverged, train another"


class Studio:
    """A painter, its mark, and the statistics of the paintings that it has seen."""

    def __init__(self, painter: Painter, device: torch.device, mark: Mark | None = None) -> None:
        self.painter, self.device, self.mark = painter, device, mark
        self.known: dict[tuple[int, int, int], Styles] = {}

    @classmethod
    def of(cls, config: StylizeOptions) -> Self:
        """Return the studio that the options name."""
        device = pick_device(config.device)
        painter = open_painter(config, device)
        return cls(painter, device, mark_of(decoder_file(config.wct.decoder), config.marks))

    def paint(self, config: StylizeOptions, sources: Sources) -> Image.Image:
        """Return one stylization; ValueError if a picture or the free memory is too small."""
        longest = max(sources.photo.size)
        longer = min(config.size or longest, longest)
        self._check(config, sources, longer)
        view = scene(sources, longer, config.style_scale, config.preserve_color, self.device)
        styles = [self._styles(number, view, config) for number in range(len(view.paintings))]
        painted = self.painter.paint(
            view.photo, styles, config.shares(), config.strength, view.masks
        )
        if not painted.isfinite().all():
            raise ValueError(DIVERGED)
        if view.photo.shape[1] == 1:
            painted = luma(painted)
        return view.finished(view.composed(painted))

    def _styles(self, number: int, view: Scene, config: StylizeOptions) -> Styles:
        """Return a painting's statistics, which are kept unless each photograph recolors it."""
        painting = view.paintings[number]
        if config.preserve_color != "no":
            return self.painter.styles(painting)
        key = (number, painting.shape[1], max(painting.shape[2:]))
        if key not in self.known:
            self.known[key] = self.painter.styles(painting)
        return self.known[key]

    def _check(self, config: StylizeOptions, sources: Sources, longer: int) -> None:
        """Raise ValueError if a picture would be too small, or needs more memory than is free."""
        width, height = fitted_size(sources.photo, longer)
        check_size(width, height, "size: ")
        need = self.painter.needed(width, height)
        for path, painting in zip(config.style, sources.paintings, strict=True):
            check_size(*painting.size, f"style: {path}: ")
            wide, tall = fitted_size(painting, max(1, round(longer * config.style_scale)))
            check_size(wide, tall, f"style: {path} would have ")
            need = max(need, self.painter.needed(wide, tall))
        check_memory(need, self.device, f"{width}x{height}")


def stylize_by_wct(config: StylizeOptions) -> int:
    """Stylize a photograph, a sweep of it, or a folder; return the exit status."""
    studio = Studio.of(config)
    if config.whole_folder:
        return _folder(config, studio)
    sources = read_sources(config.content, config.style, config.masks)
    swept = table(config) if config.sweep else None
    pictures = []
    cells = [cell for _, cell in swept.cells] if swept else [config]
    with Progress(len(cells), "pictures") as bar:
        for cell in cells:
            pictures.append(studio.paint(cell, sources))
            bar.update()
    write_marked(sheet(swept, pictures) if swept else pictures[0], config.output, studio.mark)
    return 0


def _folder(config: StylizeOptions, studio: Studio) -> int:
    """Stylize the images of a folder and its sub-folders; return the exit status.

    Images that exist in the output are skipped, unless overwrite is set. A line on stderr names
    each image that cannot be stylized.
    """
    found = list_images(config.content)
    if not found:
        raise ValueError(f"content: {config.content} has no images")
    places = {path: config.output / path.relative_to(config.content) for path in found}
    todo = [path for path in found if config.overwrite or not os.path.lexists(places[path])]
    paintings = tuple(read_image(path) for path in config.style)
    failed = 0
    with Progress(len(todo), "images") as bar:
        for path in todo:
            try:
                result = studio.paint(config, Sources(read_image(path), paintings, ()))
                write_marked(result, places[path], studio.mark)
            except (ValueError, OSError) as error:
                say(path, failure(path, error).reason)
                failed += 1
            bar.update()
    there = len(found) - len(todo)
    summary = f"{len(todo) - failed} of {len(found)} images stylized to {config.output}"
    summary += f", {there} existed already" if there else ""
    summary += f", {failed} failed" if failed else ""
    advice = "; to write over them: --overwrite true" if there else ""
    print(printable(summary + advice), file=sys.stderr)
    return int(failed > 0)
