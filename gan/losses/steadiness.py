"""Steadiness: the translation of a moved image is the moved translation.

    steadiness(G, x) = | G(move(x) + noise) - move(G(x)) |

the mean over the pixels that are in both, for a random move of up to MOST pixels. It is 0 for a
generator that moves with its input and ignores noise. In a clip, such a generator paints the same
texture on a thing wherever it goes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import l1_loss, pad

MOST = 7
"""Largest move in pixels. Generators work at a quarter of the resolution: moves by multiples of
four change little."""
NOISE = 2 / 127.5
"""Standard deviation of the noise in [-1, 1]: two gray levels."""


@dataclass(frozen=True)
class Move:
    """A move down and to the right, in pixels, at least 0."""

    down: int
    right: int

    def apply(self, images: Tensor) -> Tensor:
        """Return images (N, C, H, W), moved; what comes into view is mirrored."""
        height, width = images.shape[-2:]
        return pad(images, (self.right, 0, self.down, 0), mode="reflect")[..., :height, :width]

    def difference(self, moved: Tensor, images: Tensor) -> Tensor:
        """Return the L1 distance of `moved` from the moved images, where both have pixels."""
        height, width = images.shape[-2:]
        kept = images[..., : height - self.down, : width - self.right]
        return l1_loss(moved[..., self.down :, self.right :], kept)


def draw_move() -> Move:
    """Return a random move, out of torch's random state on the CPU: drawing does not wait."""
    down, right = torch.randint(0, MOST + 1, (2,)).tolist()
    return Move(down, right)


def steadiness_loss(generator: Callable[[Tensor], Tensor], images: Tensor, fake: Tensor) -> Tensor:
    """Return the module's `steadiness` of images (N, C, H, W) and their translations `fake`."""
    move = draw_move()
    noisy = move.apply(images) + NOISE * torch.randn_like(images)
    return move.difference(generator(noisy), fake)
