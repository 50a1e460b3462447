"""Translate test images with the run's generators for the report."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from gan.config import Config
from gan.config.choices import Device
from gan.config.tables.recipes import RECIPES
from gan.domains import DIRECTIONS, Direction
from gan.images import ImageError, list_images, read_image
from gan.images.deep import eight_bits
from gan.images.pixels import from_array, to_image
from gan.inference.translator import Translator
from gan.report.pictures import shrunk
from gan.system.progress import watched

LARGEST_SIDE = 1024
"""Pixels; larger pictures are scaled down before translation, to save time."""


@dataclass(frozen=True)
class Translated:
    """A test image before and after translation."""

    name: str
    before: Image.Image
    after: Image.Image
    scaled: bool
    """Whether it was scaled down before."""


class Translations:
    """A run's generators and test images; each image is translated once."""

    def __init__(self, run: Path, config: Config, root: Path | None, device: Device) -> None:
        self.config = config
        # A generator that takes a style image gets a training painting.
        self.style = _training_painting(config) if RECIPES[config.recipe].styled else None
        # One with several gets its first; the sample grids show all.
        self.index = 0 if RECIPES[config.recipe].many_styles else None
        self.translators: dict[Direction, Translator] = {}
        # Why a direction has no generator, and why it has no test folder.
        self.missing: dict[Direction, str] = {}
        self.absent: dict[Direction, str] = {}
        self.folders: dict[Direction, Path] = {}
        for direction in RECIPES[config.recipe].directions:
            try:
                self.translators[direction] = Translator.load(
                    run, direction, device, style=self.style, style_index=self.index
                )
            except ValueError as error:
                self.missing[direction] = str(error)
        root = root or config.data.root
        for direction, ends in DIRECTIONS.items():
            name = f"test{ends.source.upper()}"
            if root and (root / name).is_dir():
                self.folders[direction] = root / name
            else:
                what = (
                    f"There is no test folder {root / name}"
                    if root
                    else "The run names no test folder"
                )
                self.absent[direction] = f"{what}; --root names a folder with {name}."
        self.translated = cache(self._translate)

    def names(self, direction: Direction) -> list[str]:
        """Return the names of the images in a direction's test folder."""
        folder = self.folders[direction]
        return [path.relative_to(folder).as_posix() for path in list_images(folder)]

    def translate(
        self, direction: Direction, names: Iterable[str]
    ) -> tuple[list[Translated], list[str]]:
        """Translate test images by name; return them, and a line "NAME: REASON" per failure."""
        done: list[Translated] = []
        failed: list[str] = []
        for name in watched([*names], "images", title=f"translating {direction}", leave=False):
            try:
                done.append(self.translated(direction, name))
            except (ValueError, RuntimeError) as error:  # RuntimeError: out of memory
                reason = str(error).removeprefix(f"{self.folders[direction] / name}: ").splitlines()
                failed.append(f"{name}: {reason[0] if reason else type(error).__name__}")
        return done, failed

    def _translate(self, direction: Direction, name: str) -> Translated:
        translator = self.translators[direction]
        pixels = translator.read(self.folders[direction] / name).pixels
        image = to_image(from_array(eight_bits(pixels) if pixels.dtype == np.uint16 else pixels))
        before = shrunk(image, LARGEST_SIDE)
        return Translated(name, before, translator.translate(before), before.size != image.size)

    def cycle_error(self, direction: Direction, shown: Translated) -> float | None:
        """Return the mean of |reconstruction - image|, on the scale of [-1, 1], from 8-bit images.

        None if the run has no generator of the opposite direction.
        """
        back = self.translators.get(DIRECTIONS[direction].opposite)
        if back is None:
            return None
        rec = back.translate(shown.after)
        difference = np.asarray(rec, np.float64) - np.asarray(shown.before, np.float64)
        return float(np.abs(difference).mean() / 127.5)


def _training_painting(config: Config) -> Path | None:
    """Return the first readable image of domain B's training folder, or None."""
    files: list[Path] = []
    with suppress(ValueError):  # no such folder
        files = list_images(config.data.train_folder("b"))
    for file in files:
        with suppress(ImageError):
            read_image(file)
            return file
    return None
