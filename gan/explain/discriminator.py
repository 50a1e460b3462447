"""Show where a picture looks like the target to a discriminator, and the discriminator's scores."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from gan.domains import DIRECTIONS
from gan.explain.look import Look, Pixels, in_channels
from gan.explain.patches import open_discriminator
from gan.explain.probe import feature_maps, fit_probe, heat_between
from gan.explain.sheet import Section, Tile
from gan.images import read_image, resize_short
from gan.training.heat import heat_maps, overlay, score

T = TypeVar("T")

EXAMPLES = 40
"""Largest number of training pictures of each domain to which the probe is fitted."""


def patches(look: Look) -> Iterator[Section]:
    """Show where pictures look like the target, and the scores; add a note if a view is missing."""
    try:
        if look.run is None or look.config is None:
            raise ValueError("--model is not a run directory with a config.yaml")
        network = open_discriminator(look.run, look.config, look.target)
    except (ValueError, OSError, RuntimeError) as error:
        look.notes.append(f"No heat maps of the discriminator: {error}")
        return
    network = network.to(look.forth.device)
    shown = {"the picture": look.pixels, "its translation": look.fake}
    real = look.images(look.target, "test", "train")
    if real:
        shown[f"a real picture: {real[0].name}"] = np.asarray(
            resize_short(read_image(real[0]), look.side)
        )
    pictures = {name: in_channels(each, look.fake.shape[2]) for name, each in shown.items()}
    units = {name: look.unit(each) for name, each in pictures.items()}
    yield from _probed(look, network, pictures, units)
    yield _scored(look, network, pictures, units)


def _probed(
    look: Look, network: nn.Module, pictures: Mapping[str, Pixels], units: Mapping[str, Tensor]
) -> Iterator[Section]:
    """Show where pictures look like the target, by a linear classifier on feature maps."""
    target = look.target.upper()
    names = [
        look.images(domain, "train") for domain in (DIRECTIONS[look.direction].source, look.target)
    ]
    count = min(EXAMPLES, *(len(each) for each in names))
    if not count:
        look.notes.append("No map of where pictures look like the target: no training folders")
        return
    sources, targets = ([_square(look, path) for path in spread(each, count)] for each in names)
    maps = feature_maps(network)
    try:
        probe = fit_probe(maps, sources, targets)
    except ValueError as error:
        look.notes.append(f"No map of where pictures look like the target: {error}")
        return
    heats = [heat_between(probe, maps, unit, sources[0], targets[0]) for unit in units.values()]
    yield Section(
        f"Where it looks like {target}",
        f"Orange patches look like real pictures of {target}, blue ones like those of the other "
        f"domain, by a linear classifier on the discriminator's feature maps ({count} training "
        "pictures of each domain). A good translation is as orange as a real picture.",
        _tiles(pictures, heats),
    )


def _scored(
    look: Look, network: nn.Module, pictures: Mapping[str, Pixels], units: Mapping[str, Tensor]
) -> Section:
    """Show the scores, in standard deviations from the mean over all pictures."""
    sizes = [(each.shape[0], each.shape[1]) for each in pictures.values()]
    heats = heat_maps([score(network, unit) for unit in units.values()], sizes)
    return Section(
        "What the discriminator scores",
        "It was trained to score real pictures high (orange) and translations low (blue); numbers "
        "are standard deviations from the mean of this row. Late in training it hardly separates "
        "them. It was not trained on photographs: their scores mean little.",
        _tiles(pictures, heats),
    )


def _tiles(pictures: Mapping[str, Pixels], heats: Sequence[NDArray[Any]]) -> list[Tile]:
    tiles = []
    for (name, pixels), heat in zip(pictures.items(), heats, strict=True):
        image = Image.fromarray(overlay(in_channels(pixels, 3), heat))
        tiles.append(Tile(image, f"{name}: {heat.mean():+.1f} on average"))
    return tiles


def spread(items: Sequence[T], count: int) -> list[T]:
    """Return `count` evenly spread items of a sequence that has at least as many."""
    return [items[at * len(items) // count] for at in range(count)]


def _square(look: Look, path: Path) -> Tensor:
    """Read the central square of a training picture, (1, C, side, side) in [-1, 1]."""
    image = resize_short(read_image(path), look.side)
    left, top = (image.width - look.side) // 2, (image.height - look.side) // 2
    middle = image.crop((left, top, left + look.side, top + look.side))
    return look.unit(in_channels(np.asarray(middle), look.fake.shape[2]))
