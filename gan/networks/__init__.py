"""Generators and discriminators, by their names in the configuration.

Their state_dict keys are those of the reference (junyanz/pytorch-CycleGAN-and-pix2pix), whose
weights load unchanged. Generators with `upsample="resize"` have no counterpart there; those with
"blur" have one in CUT (taesungp/contrastive-unpaired-translation).
"""

from pathlib import Path
from typing import Any, get_args

import torch
from torch import nn

from gan.config.choices import Downsample, Norm, Upsample
from gan.config.table import load
from gan.config.tables.discriminators import DISCRIMINATORS, DiscriminatorRow
from gan.config.tables.generators import GeneratorRow, generator_row


def build_generator(
    kind: str,
    *,
    in_channels: int = 3,
    out_channels: int = 3,
    channels: int = 64,
    norm: Norm = "instance",
    upsample: Upsample = "deconv",
    dropout: bool = False,
    downsample: Downsample = "stride",
    styles: int = 1,
) -> nn.Module:
    """Build a generator: (N, in_channels, H, W) to (N, out_channels, H, W), both in [-1, 1].

    H and W are any sizes from 16 up. Generators with `takes_style` also take a style image. Those
    with a `fixed_kind` also take the weights of their styles; `styles` is the number of styles.

    `kind` is networks.generator; `norm`, `upsample`, `downsample` and `dropout` are keys of the
    section networks. Keys that do not apply to a generator are ignored. `channels` is the width of
    the first convolution. Weights are torch's defaults until `init_weights`. ValueError for an
    unknown kind, norm, upsample or downsample, or for "blur" outside ResNets.
    """
    row = generator_row(kind)
    given = {"norm": norm, "upsample": upsample, "downsample": downsample}
    for (name, value), kinds in zip(given.items(), (Norm, Upsample, Downsample), strict=True):
        if value not in get_args(kinds):
            raise ValueError(f"{name} is {value}, must be one of {', '.join(get_args(kinds))}")
    if "blur" in (upsample, downsample) and not row.blurs:
        raise ValueError(
            f'"blur" (upsample, downsample) is only for ResNet generators, not for {kind}'
        )
    return _build(
        row,
        {
            "norm": norm, "upsample": upsample, "dropout": dropout, "downsample": downsample,
            "styles": styles,
        },
        in_channels=in_channels,
        out_channels=out_channels,
        channels=channels,
    )  # fmt: skip


def build_discriminator(
    kind: str,
    *,
    in_channels: int = 3,
    channels: int = 64,
    layers: int = 3,
    norm: Norm = "instance",
    backbone: str = "mobilenet_v2",
    weights: Path | None = None,
) -> nn.Module:
    """Build a discriminator: (N, in_channels, H, W) to raw scores (N, 1, h, w), or a list of them.

    `kind` and `norm` are networks.discriminator and networks.norm. `layers` counts the strided
    convolutions of "n_layers"; "basic" always has 3. `channels` is the width of the first
    convolution. `backbone` is the frozen network of "projected", `weights` its file, or None for
    torchvision's cache or download. Weights are torch's defaults until `init_weights`. ValueError
    for an unknown kind, or if the backbone cannot be opened.
    """
    return _build(
        DISCRIMINATORS.find(kind),
        {"norm": norm, "layers": layers, "backbone": backbone, "weights": weights},
        in_channels=in_channels,
        channels=channels,
    )


def _build(
    row: GeneratorRow | DiscriminatorRow, choices: dict[str, Any], **sizes: int
) -> nn.Module:
    """Build a row's module with those choices that the row takes."""
    taken = {name: choices[name] for name in row.takes}
    network: nn.Module = load(row.code)(**sizes, **taken, **row.options)
    return network


def init_weights(network: nn.Module, gain: float, generator: torch.Generator) -> None:
    """Draw new weights, in place: N(0, gain) for convolutions and linear layers.

    Weights of batch norm are N(1, gain), biases 0 (Zhu et al. 2017, section 7.2); gain is the
    standard deviation. All numbers are drawn from `generator`, on the network's device, in the
    order of `network.modules()`.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.BatchNorm2d):
            mean = 1.0 if isinstance(module, nn.BatchNorm2d) else 0.0
            nn.init.normal_(module.weight, mean, gain, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
