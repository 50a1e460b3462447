"""Initial weights."""

import torch
from torch import nn


def init_weights(network: nn.Module, gain: float, generator: torch.Generator) -> None:
    """Draw all weights anew, in place: N(0, gain) for convolutions, N(1, gain) for batch norm.

    Biases become 0 (Zhu et al. 2017, section 7.2). Only `generator`, on the network's device, is
    drawn from, in the order of `network.modules()`.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, gain, generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, gain, generator=generator)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
