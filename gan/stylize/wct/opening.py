"""Open the network of method wct: a frozen VGG-16 and its decoder, out of one file."""

from pathlib import Path

import torch

from gan.config.tables.generators import generator_row
from gan.interop import find_generator, open_generator
from gan.networks.described import read_metadata
from gan.stylize.options import TRAIN, StylizeOptions
from gan.stylize.wct.painter import Painter

EARLIER = "gan_wct_decoder"
"""Key in the metadata of decoders of earlier versions, which `gan stylize` itself trained."""


def decoder_file(path: Path | None) -> Path:
    """Return the generator's file that wct.decoder names; ValueError if there is none."""
    assert path is not None, "the options are checked"
    try:
        return find_generator(path, "ab" if path.is_dir() else None)
    except ValueError as error:
        raise ValueError(f"wct.decoder: {error}: {TRAIN}") from error


def open_painter(config: StylizeOptions, device: torch.device) -> Painter:
    """Return a painter with the decoder that the options name.

    ValueError if its file is missing, holds no decoder, is damaged, or does not reach a level.
    """
    levels, file = config.wct.levels, decoder_file(config.wct.decoder)
    try:
        if EARLIER in read_metadata(file, "decoder"):
            raise ValueError(f"{file} is from an earlier version: {TRAIN}")
        opened = open_generator(file)
    except ValueError as error:
        raise ValueError(f"wct.decoder: {error}") from error
    kind = opened.spec["kind"]
    deepest = generator_row(kind).levels
    if not deepest:
        raise ValueError(f"wct.decoder: {file} holds {kind}, which is not a decoder: {TRAIN}")
    if opened.spec["out_channels"] != 3:
        raise ValueError(f"wct.decoder: {file} decodes gray pictures, not color: {TRAIN}")
    if levels[0] > deepest:
        raise ValueError(
            f"wct.levels {levels}: the decoder {file} has levels up to {deepest}: {TRAIN} "
            f"--run.dir NEW --networks.generator vgg_{levels[0]}levels"
        )
    return Painter(opened.network.requires_grad_(False).to(device), levels, config.tile)
