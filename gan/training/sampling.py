"""Compute outputs of generators for the same test images, to show a training's progress."""

import torch
from torch import Tensor, nn

from gan.networks.layers import in_eval_mode


@torch.no_grad()
def sample_columns(forth: nn.Module, back: nn.Module | None, real: Tensor) -> list[Tensor]:
    """Return a list: real images, translations, reconstructions, identity outputs.

    All are (N, C, H, W) in [-1, 1], C that of their domain; `forth` translates from real's domain.
    Without a generator `back`, only the first two are returned. Identity outputs are omitted if the
    domains differ in C. The networks run in eval mode; their mode is then restored.
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
    """Return a list: content images, style images, results, each (N, C, H, W) in [-1, 1].

    Styles repeat if there are fewer than N. The network runs in eval mode; its mode is then
    restored.
    """
    style = spread(style, len(content))
    with in_eval_mode(network):
        return [content, style, network(content, style)]


@torch.no_grad()
def style_columns(network: nn.Module, content: Tensor, mixtures: Tensor) -> list[Tensor]:
    """Return columns (N, C, H, W): the content images, then their translations by each mixture.

    The network runs in eval mode; its mode is then restored.
    """
    with in_eval_mode(network):
        return [content, *(network(content, mixture[None]) for mixture in mixtures)]


def spread(style: Tensor, count: int) -> Tensor:
    """Return the first `count` styles of a batch; they repeat if there are fewer."""
    return style[torch.arange(count) % len(style)]
