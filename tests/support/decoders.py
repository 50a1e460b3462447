"""Autoencoders of VGG-16's feature maps with random weights, and files of such a VGG."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan.networks import build_generator
from gan.networks.vgg import VggAutoencoder

DEPTH = 3
SPEC: dict[str, Any] = {
    "kind": f"vgg_{DEPTH}levels", "in_channels": 3, "out_channels": 3, "channels": 64,
}  # fmt: skip


def drawn(shape: torch.Size, draws: torch.Generator) -> Tensor:
    """Return random weights of a convolution or bias, so that features keep their size."""
    values = torch.randn(shape, generator=draws)
    return values * (2 / shape[1:].numel()) ** 0.5 if len(shape) > 1 else values * 0.1


def random_network(**changes: Any) -> VggAutoencoder:
    """Return a network of SPEC with random weights, whose pictures use the whole range."""
    network = build_generator(**SPEC | changes).requires_grad_(False).eval()
    assert isinstance(network, VggAutoencoder)
    draws = torch.Generator().manual_seed(0)
    for weights in network.encoder.state_dict().values():
        weights.copy_(drawn(weights.shape, draws))
    for name, weights in network.named_parameters():
        if name.endswith("weight"):
            nn.init.kaiming_normal_(weights, generator=draws)
            weights.mul_(0.3 if name.startswith("stages.0.") else 1.0)
        else:
            weights.zero_()
    return network


def write_vgg(path: Path, channels: int = 64) -> Path:
    """Write a random VGG of 4 levels, whose first block is `channels` wide."""
    state = random_network(kind="vgg_4levels", channels=channels).encoder.state_dict()
    torch.save(state, path)
    return path
