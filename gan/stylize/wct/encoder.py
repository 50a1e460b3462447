"""The frozen half of the transformation: a VGG up to the first convolution of a block."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torchvision.models import VGG

from gan.config import PerceptualConfig
from gan.features import Features
from gan.features.extractor import build

PROBE = 64
"""Side of the picture by whose feature maps a decoder recognizes its encoder, in pixels."""


def layer(level: int) -> str:
    """Return the name of a level's layer: relu3_1 for 3."""
    return f"relu{level}_1"


def encoder(config: PerceptualConfig, levels: Iterable[int]) -> Features:
    """Return the network that maps pictures to the feature maps of some levels.

    Convolutions mirror the picture at its edges, where the classifier pads with zeros: a decoder
    would otherwise show a frame. ValueError as in `Features`, and for other networks than a VGG.
    """
    widths(config.backbone)
    features = Features(config.backbone, [layer(level) for level in levels], config.weights)
    for module in features.modules():
        if isinstance(module, nn.Conv2d):
            module.padding_mode = "reflect"
    return features


def widths(backbone: str) -> list[list[int]]:
    """Return the channels of each convolution, by block; ValueError if it is not a VGG."""
    network = build(backbone)
    if not isinstance(network, VGG):
        raise ValueError(
            f"perceptual.backbone: method wct requires a VGG, such as vgg16, and not {backbone}"
        )
    blocks: list[list[int]] = [[]]
    for module in network.features:
        if isinstance(module, nn.Conv2d):
            blocks[-1].append(module.out_channels)
        elif isinstance(module, nn.MaxPool2d):
            blocks.append([])
    return blocks[:-1]


@torch.no_grad()
def probe(features: Features, level: int) -> Tensor:
    """Return the mean of each of a level's feature maps, (C,), for a picture of waves.

    Rounded weights give nearly the same, other weights do not.
    """
    grid = torch.linspace(0, 2 * math.pi, PROBE, device=features.mean.device)
    waves = [torch.sin((n + 1) * grid)[:, None] * torch.cos((7 - n) * grid) for n in range(3)]
    maps: Tensor = features(torch.stack(waves)[None])[layer(level)]
    return maps.mean(dim=(0, 2, 3)).cpu()
