"""Steadiness: the translation of a moved image should be the moved translation.

    steadiness(G, x) = | G(move(x) + noise) - move(G(x)) |

This is the mean over the pixels that both images have, for a random move of up to MOST pixels. It
is 0 for a shift-equivariant generator that ignores noise. In a clip, such a generator paints the
same texture on an object wherever it moves.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import l1_loss, pad

MOST = 7
"""Largest move in pixels. Generators work at a quarter of the resolution, so moves by multiples of
four change little."""
NOISE = 2 / 127.5
"""Standard deviation of the noise in [-1, 1]: two gray levels."""


@dataclass(frozen=True)
class Move:
    """A move down and to the right, in pixels, 0 or more."""

    down: int
    right: int

    def apply(self, images: Tensor) -> Tensor:
        """Return moved images (N, C, H, W); pixels that come into view are mirrored."""
        height, width = images.shape[-2:]
        return pad(images, (self.right, 0, self.down, 0), mode="reflect")[..., :height, :width]

    def difference(self, moved: Tensor, images: Tensor) -> Tensor:
        """Return the L1 distance between `moved` and the moved images, over their common pixels."""
        height, width = images.shape[-2:]
        kept = images[..., : height - self.down, : width - self.right]
        return l1_loss(moved[..., self.down :, self.right :], kept)


def draw_move() -> Move:
    """Return a random move, drawn from torch's CPU generator so that the GPU is not awaited."""
    down, right = torch.randint(0, MOST + 1, (2,)).tolist()
    return Move(down, right)


def steadiness_loss(generator: Callable[[Tensor], Tensor], images: Tensor, fake: Tensor) -> Tensor:
    """Return the steadiness loss of images (N, C, H, W) and their translations `fake`."""
    move = draw_move()
    noisy = move.apply(images) + NOISE * torch.randn_like(images)
    return move.difference(generator(noisy), fake)
