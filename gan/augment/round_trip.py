"""There and, where the run has the other generator, back: for the gate on the cycle."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from gan.augment.options import AugmentConfig
from gan.images.picture import Array
from gan.inference.translator import Translator
from gan.interop import find_generator


class RoundTrip:
    """Stands in place of a `Translator`: its pictures have the reconstruction's channels behind
    the translation's."""

    def __init__(self, forth: Translator, back: Translator | None) -> None:
        self.forth, self.back = forth, back
        self.channels, self.device = forth.channels, forth.device
        self.can_tile, self.scratch_bytes = forth.can_tile, forth.scratch_bytes
        self.fits = forth.fits

    def translate_batch(self, pixels: Tensor) -> list[Tensor | None]:
        """As the translator's; (2C, H, W). What is translated back is what would be written."""
        there = self.forth.translate_batch(pixels)
        finite = [picture for picture in there if picture is not None]
        if self.back is None or not finite:
            return there
        again = iter(self.back.translate_batch(torch.stack(finite)))
        return [picture if picture is None else join(picture, next(again)) for picture in there]

    def translate_tiled(
        self, pixels: Tensor, tile: int, scratch: Path, progress: Callable[[float], None]
    ) -> Tensor | None:
        """As the translator's; (2C, H, W). The way back is in tiles, too."""
        there = self.forth.translate_tiled(pixels, tile, scratch, progress)
        if there is None or self.back is None or not self.back.can_tile():
            return there
        return join(there, self.back.translate_tiled(there, tile, scratch))


def join(there: Tensor, again: Tensor | None) -> Tensor | None:
    return None if again is None else torch.cat([there, again])


def apart(planes: Array, channels: int) -> tuple[Array, Array | None]:
    """Translation and reconstruction, (H, W, C) each, of a source with so many channels."""
    if planes.shape[2] in (1, 3):
        return planes, None
    return planes[:, :, :-channels], planes[:, :, -channels:]


def open_model(path: Path, config: AugmentConfig) -> RoundTrip:
    """The generator of a run and the one that leads back, if there is such a file.

    ValueError as from `Translator.load`.
    """
    forth = Translator.load(path, config.direction, config.device, config.precision, config.style)
    file = find_generator(path, config.direction)
    other = opposite(file)
    if config.gates()["cycle"] == "off" or config.style or not (other and other.is_file()):
        return RoundTrip(forth, None)
    return RoundTrip(forth, Translator.load(other, None, config.device, config.precision))


def opposite(file: Path) -> Path | None:
    """The name of the generator that leads back: gen_ba for gen_ab."""
    for own, other in (("gen_ab", "gen_ba"), ("gen_ba", "gen_ab")):
        if file.name.startswith(own):
            return file.with_name(file.name.replace(own, other, 1))
    return None
