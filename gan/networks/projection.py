"""Heads that project features for the comparison of patches (Park et al. 2020)."""

import random
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from gan.networks import init_weights

SIZE = 256
"""Size of a projected feature, and of the hidden layer."""


class ProjectionHeads(nn.Module):
    """A head of two layers for each feature map; its output vectors have length 1.

    The heads' sizes follow from the configuration; the authors' code creates the heads in the first
    step, from the first features.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        """Build the heads; `channels` are the feature maps' numbers of channels, in order."""
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(size, SIZE), nn.ReLU(inplace=True), nn.Linear(SIZE, SIZE))
            for size in channels
        )

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Project the features of each map, (N, S, C), to (N, S, SIZE), vectors of length 1."""
        projected = [head(x) for head, x in zip(self.heads, features, strict=True)]
        # Lengths are computed in float32 under autocast too.
        wide = [x.to(torch.promote_types(x.dtype, torch.float32)) for x in projected]
        return [normalize(x, dim=2) for x in wide]


def build_heads(channels: Sequence[int], gain: float, *, seed: int) -> ProjectionHeads:
    """Build heads on the CPU with weights drawn from the seed alone: N(0, gain), biases 0."""
    heads = ProjectionHeads(channels)
    draws = random.Random(f"{seed}/heads").getrandbits(63)
    init_weights(heads, gain, torch.Generator().manual_seed(draws))
    return heads
