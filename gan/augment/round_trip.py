"""There and, where the run has the other generator, back: for the gate on the cycle."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gan.augment.options import AugmentConfig
from gan.domains import DIRECTIONS
from gan.inference.translator import Translator
from gan.interop import find_generator


@dataclass(frozen=True)
class RoundTrip:
    """A translation and, where it was translated back, the reconstruction; (C, H, W) each."""

    fake: Tensor
    rec: Tensor | None


class RoundTripTranslator:
    """Stands in place of a `Translator` in a pipeline: its results are round trips."""

    def __init__(self, forth: Translator, back: Translator | None) -> None:
        self.forth = forth
        self.back = back
        self.channels = forth.channels
        self.device = forth.device
        self.can_tile = forth.can_tile
        self.scratch_bytes = forth.scratch_bytes
        self.fits = forth.fits

    def translate_batch(self, pixels: Tensor) -> list[RoundTrip | None]:
        """Translate as the translator does, and back; None where either is not finite.

        What is translated back is what would be written.
        """
        fakes = self.forth.translate_batch(pixels)
        finite = [fake for fake in fakes if fake is not None]
        if self.back is None or not finite:
            return [fake if fake is None else RoundTrip(fake, None) for fake in fakes]
        recs = iter(self.back.translate_batch(torch.stack(finite)))
        return [fake if fake is None else joined(fake, next(recs)) for fake in fakes]

    def translate_tiled(
        self, pixels: Tensor, tile: int, scratch: Path, progress: Callable[[float], None]
    ) -> RoundTrip | None:
        """Translate in tiles as the translator does, and back where that generator can, too."""
        fake = self.forth.translate_tiled(pixels, tile, scratch, progress)
        if fake is None:
            return None
        if self.back is None or not self.back.can_tile():
            return RoundTrip(fake, None)
        return joined(fake, self.back.translate_tiled(fake, tile, scratch))


def joined(fake: Tensor, rec: Tensor | None) -> RoundTrip | None:
    return None if rec is None else RoundTrip(fake, rec)


def open_model(path: Path, config: AugmentConfig) -> RoundTripTranslator:
    """Open the generator of a run and the one of the opposite direction, if there is such a file.

    ValueError as from `Translator.load`.
    """
    forth = Translator.load(path, config.direction, config.device, config.precision, config.style)
    other = opposite(find_generator(path, config.direction))
    if config.gates()["cycle"] == "off" or config.style or not (other and other.is_file()):
        return RoundTripTranslator(forth, None)
    back = Translator.load(other, None, config.device, config.precision)
    return RoundTripTranslator(forth, back)


def opposite(file: Path) -> Path | None:
    """Return the name of the generator of the opposite direction: gen_ba for gen_ab."""
    for direction, ends in DIRECTIONS.items():
        own = f"gen_{direction}"
        if file.name.startswith(own):
            return file.with_name(file.name.replace(own, f"gen_{ends.opposite}", 1))
    return None
