"""The command: read the pictures, paint them at every size, write the result."""

import sys
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from gan.config.choices import MIN_SIDE
from gan.features import Features, LayerTable, chosen_layers
from gan.images import write_image
from gan.inference.translator import pick_device
from gan.stylize.canvas import Extract, prepare
from gan.stylize.descent import minimize
from gan.stylize.diary import ProgressLog
from gan.stylize.memory import check_memory, needed
from gan.stylize.objective import Terms, Weights
from gan.stylize.options import StylizeConfig
from gan.stylize.scene import Scene, Sources, fitted, ladder, noise, read_sources, resized, scene
from gan.stylize.sweep import sheet, table


def stylize(config: StylizeConfig) -> int:
    """Paint a photograph in the style of paintings, once or a whole sweep; return the status."""
    swept = table(config) if config.sweep else None
    cells = swept.configs if swept else (config,)
    layers, device = chosen_layers(config.perceptual), pick_device(config.device)
    sources = read_sources(config.content, config.style, config.masks)
    extract = load_features(config, layers).to(device)
    announce(cells, sources, extract, device)
    pictures = []
    total = sum(cell.steps * len(ladder(sources.photo, cell.size, cell.sizes)) for cell in cells)
    bar: tqdm[Any] = tqdm(total=total, unit="step", disable=None)
    with bar:
        for cell, name in zip(cells, swept.names if swept else ("",), strict=True):
            log = config.log and config.log / name
            output = (
                config.output.with_stem(f"{config.output.stem}-{name}") if name else config.output
            )
            with ProgressLog(bar, log, output, config.save_every) as diary:
                pictures.append(paint(cell, sources, extract, layers, device, diary))
    write_image(sheet(swept, pictures) if swept else pictures[0], config.output)
    return 0


def load_features(config: StylizeConfig, layers: LayerTable) -> Features:
    """The network up to the deepest layer that is compared."""
    wanted = list(dict.fromkeys([*layers.content, *layers.style]))
    return Features(config.perceptual.backbone, wanted, config.perceptual.weights)


def announce(
    cells: Sequence[StylizeConfig], sources: Sources, extract: Features, device: torch.device
) -> None:
    """Say what the largest picture takes; ValueError where the device has less memory."""
    largest = max(cells, key=lambda cell: ladder(sources.photo, cell.size, [])[-1])
    width, height = fitted(sources.photo, ladder(sources.photo, largest.size, [])[-1]).size
    channels = 1 if largest.preserve_color == "luma" else 3
    if min(width, height) < MIN_SIDE:
        raise ValueError(f"size: {width}x{height} pixels: both sides must be at least {MIN_SIDE}")
    shape = (1, channels, height, width)
    need = needed(extract, shape, largest.tile, largest.optimizer, device)
    print(check_memory(need, device, f"{width}x{height}"), file=sys.stderr)


def paint(
    config: StylizeConfig,
    sources: Sources,
    extract: Extract,
    layers: LayerTable,
    device: torch.device,
    diary: ProgressLog,
) -> Image.Image:
    """One stylization, from the coarsest size to the finest."""
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
            if diary.note(terms):
                diary.keep(view.finished(painted))

        start = view.composed(resized(picture, view.photo))
        picture = minimize(
            start, canvas.evaluate, config.optimizer, config.steps, watch, inside=view.inside()
        )
    assert picture is not None
    return view.finished(picture)
