"""Load the model and the picture for a sheet, and translate the picture."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from gan.config import Config
from gan.domains import DIRECTIONS, Direction, Domain
from gan.explain.options import LEAST, ExplainOptions
from gan.images import list_images, read_image, resize_short, to_channels
from gan.images.color import with_channels
from gan.images.pixels import from_array, to_unit
from gan.inference.translator import Translator
from gan.interop import find_generator
from gan.networks.files import read_about
from gan.system.yaml_text import parse_yaml

UNKNOWN_SIZE = 256
"""Shorter side in pixels if neither the option nor the generator's file sets one."""

Pixels = NDArray[np.uint8]
"""(H, W, 1 or 3)."""


@dataclass
class Look:
    """A picture, its translation, and the run of the model."""

    forth: Translator
    back: Translator | None
    direction: Direction
    run: Path | None
    """The run directory, or None."""
    config: Config | None
    pixels: Pixels
    fake: Pixels
    notes: list[str] = field(default_factory=list)
    """Sections that are missing from the sheet, and why."""

    @property
    def side(self) -> int:
        """Shorter side of the picture in pixels, at the working size."""
        return int(min(self.pixels.shape[:2]))

    @property
    def target(self) -> Domain:
        """The target domain of the translation."""
        return DIRECTIONS[self.direction].target

    def unit(self, pixels: Pixels) -> Tensor:
        """Return pixels as networks take them, (1, C, H, W) in [-1, 1]."""
        return to_unit(from_array(pixels)[None]).to(self.forth.device)

    def images(self, domain: Domain, *parts: str) -> list[Path]:
        """Return the images of a domain in the first of the run's folders that has any.

        parts: "test" or "train", folders of data.root in order of preference; data.a or data.b
        comes last.
        """
        if self.config is None:
            return []
        data = self.config.data
        named = data.a if domain == "a" else data.b
        folders = [data.root and data.root / f"{part}{domain.upper()}" for part in parts]
        for folder in (*folders, named):
            with suppress(ValueError, OSError):
                if folder and (found := list_images(folder)):
                    return found
        return []


def open_look(options: ExplainOptions) -> Look:
    """Load the model, read the picture at the working size and translate it.

    ValueError if the model or the picture cannot be opened.
    """
    file = find_generator(options.model, options.direction)
    forth = Translator.load(options.model, options.direction, options.device)
    direction = options.direction or read_about(file).get("direction", "ab")
    back, notes = None, []
    try:
        if not options.model.is_dir():
            raise ValueError("a single file holds one generator: name the run directory")
        back = Translator.load(options.model, DIRECTIONS[direction].opposite, options.device)
    except ValueError as error:
        notes.append(f"No reconstruction: {error}")
    run = options.model if (options.model / "config.yaml").is_file() else None
    size = options.size or max(LEAST, forth.trained_at or UNKNOWN_SIZE)
    image = resize_short(read_image(options.input), size)
    pixels = with_channels(np.asarray(to_channels(image, forth.channels)))
    config = None
    if run:
        config = Config.model_validate(parse_yaml((run / "config.yaml").read_text("utf-8")))
    return Look(forth, back, direction, run, config, pixels, forth.translate(pixels), notes)


def as_image(pixels: Pixels) -> Image.Image:
    """Return pixels as an image of mode RGB or L."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def in_channels(pixels: Pixels, channels: int) -> Pixels:
    """Return pixels converted to `channels` channels, 1 or 3."""
    return with_channels(np.asarray(to_channels(as_image(pixels), channels)))
