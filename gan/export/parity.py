"""Whether an exported generator does what the network does."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

LIMIT = 1e-4
"""Largest difference in [-1, 1]: an 80th of a step of 8 bits."""
SHAPES = ((1, 32, 48), (2, 33, 18), (1, 64, 30))
"""Batches, heights and widths that are tried: on the multiple and off it."""


def parity(
    network: nn.Module,
    exported: Callable[[Tensor], Tensor],
    channels: int,
    shapes: Sequence[tuple[int, int, int]] = SHAPES,
) -> float:
    """The largest difference over pictures of noise; ValueError where it is too large.

    Noise, because it reaches every weight; a function that fails in one of the sizes is refused
    too.
    """
    draws = torch.Generator().manual_seed(0)
    largest = 0.0
    for count, height, width in shapes:
        image = torch.rand((count, channels, height, width), generator=draws) * 2 - 1
        with torch.no_grad():
            expected = network(image)
        result = exported(image)
        if result.shape != expected.shape:
            raise ValueError(f"gives {tuple(result.shape)} in place of {tuple(expected.shape)}")
        difference = (result - expected).abs().max().item()
        if not difference <= LIMIT:  # nor where it is no number
            raise ValueError(f"differs from the network by {difference:.2g}, more than {LIMIT:g}")
        largest = max(largest, difference)
    return largest
