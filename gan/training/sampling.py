"""What generators make of the same test images at every interval, so that progress can be seen."""

import torch
from torch import Tensor, nn

from gan.networks.layers import in_eval_mode


@torch.no_grad()
def sample_columns(forth: nn.Module, back: nn.Module | None, real: Tensor) -> list[Tensor]:
    """Return real images, their translations, their reconstructions and, where channels fit,
    identities.

    real is (N, C, H, W) of the domain that `forth` translates from; where there is no generator
    back the first two columns are all. The networks are evaluated in eval mode and left in the mode
    that they were in.
    """
    with in_eval_mode(forth):
        fake = forth(real)
    if back is None:
        return [real, fake]
    with in_eval_mode(back):
        identity = [back(real)] if fake.shape == real.shape else []
        return [real, fake, back(fake), *identity]


@torch.no_grad()
def guided_columns(network: nn.Module, content: Tensor, style: Tensor) -> list[Tensor]:
    """Return contents, the styles that they are given, results; a style serves twice where one
    lacks.

    The network is evaluated in eval mode and left in the mode that it was in.
    """
    style = spread(style, len(content))
    with in_eval_mode(network):
        return [content, style, network(content, style)]


def spread(style: Tensor, count: int) -> Tensor:
    """Return so many styles out of a batch, some of them twice where there are fewer."""
    return style[torch.arange(count) % len(style)]
