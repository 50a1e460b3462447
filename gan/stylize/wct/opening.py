"""Open the encoder and the decoder of method wct; train the decoder first if it does not exist."""

import sys
from pathlib import Path
from typing import Any

import torch

from gan.config import PerceptualConfig
from gan.data import fingerprint
from gan.data.files import FileList
from gan.features import Features
from gan.images import list_images
from gan.stylize.options import StylizeOptions, WctConfig
from gan.stylize.wct.decoder import mirrored, read_decoder, write_decoder
from gan.stylize.wct.encoder import encoder, probe
from gan.stylize.wct.painter import Painter
from gan.stylize.wct.resuming import Kept
from gan.stylize.wct.training import read_photographs, train_decoder
from gan.system.atomic import check_writable
from gan.system.text import printable

BACKBONE = "vgg16"
SAME = 0.02
"""Largest relative difference of an encoder's probe from that in the decoder's file. Rounding the
weights changes a probe less."""


def open_painter(config: StylizeOptions, device: torch.device) -> Painter:
    """Return a painter with the decoder that the options name, after training it if necessary.

    ValueError if the decoder's file is missing, does not reach a level, or was trained for other
    weights of VGG-16.
    """
    path, levels = config.wct.decoder, config.wct.levels
    assert path is not None  # the options are checked
    vgg = PerceptualConfig(backbone=BACKBONE, weights=config.perceptual.weights)
    if config.wct.photographs and not path.exists():
        _train(config.wct, path, vgg, config.seed, device)
        print(printable(f"wct.decoder: trained, written to {path}"), file=sys.stderr)
    if not path.exists():
        raise ValueError(
            f"wct.decoder: {path} does not exist: name a folder of photographs with "
            "wct.photographs to train it"
        )
    opened = read_decoder(path)
    deepest = opened.decoder.depth
    if levels[0] > deepest:
        raise ValueError(
            f"wct.levels {levels}: the decoder {path} has levels up to {deepest}: name a new file "
            "with wct.decoder, and a folder of photographs with wct.photographs to train it"
        )
    features = encoder(vgg, levels)
    wanted, own = opened.probes[levels[0] - 1], probe(features, levels[0])
    if wanted.shape != own.shape or not (wanted - own).norm() < SAME * own.norm():
        raise ValueError(
            f"wct.decoder: {path} was trained for other weights than "
            f"{vgg.weights or 'those of torchvision'}: set perceptual.weights to the right file"
        )
    return Painter(features.to(device), opened.decoder.to(device), levels, config.tile)


def _train(
    config: WctConfig, path: Path, vgg: PerceptualConfig, seed: int, device: torch.device
) -> None:
    """Train a decoder for levels 1 to the deepest in `config`, and write it to `path`."""
    assert config.photographs is not None
    check_writable(path)
    levels = range(1, config.levels[0] + 1)
    print(
        printable(
            f"wct.decoder: {path} does not exist, so it is trained now for {config.steps} steps "
            "and written at the end. If the training is interrupted, run the same command again to "
            "continue"
        ),
        file=sys.stderr,
    )
    photographs = read_photographs(config.photographs)
    features = encoder(vgg, levels).to(device)
    kept = Kept(path, _facts(config, features, seed, device))
    decoder = train_decoder(
        photographs,
        features,
        mirrored(BACKBONE, config.levels[0]),
        config.steps,
        seed=seed,
        half=config.precision == "bf16",
        kept=kept,
    )
    about = {"photographs": len(photographs), "steps": config.steps, "seed": seed}
    probes = [probe(features, level) for level in levels]
    write_decoder(path, decoder, BACKBONE, probes, about)
    kept.remove()


def _facts(
    config: WctConfig, features: Features, seed: int, device: torch.device
) -> dict[str, dict[str, Any]]:
    """Return all on which the training of a decoder depends, by section."""
    assert config.photographs is not None
    files = FileList.of(config.photographs, list_images(config.photographs))
    return {
        "wct": config.model_dump(mode="json", include={"steps", "precision"})
        | {"level": config.levels[0], "seed": seed, "device": device.type},
        "files": {
            "wct.photographs": fingerprint(files),
            "perceptual.weights": features.fingerprint(),
        },
    }
