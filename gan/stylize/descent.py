"""Minimize a loss over the pixels of a picture."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torch.optim import LBFGS, Adam, Optimizer

from gan.config.choices import Optimizer as OptimizerName
from gan.stylize.objective import Terms

Evaluate = Callable[[Tensor], tuple[Terms, Tensor]]
"""Returns the loss terms of a picture and the gradient."""
Watch = Callable[[Terms, Tensor], None]
"""Called after every evaluation with the loss terms and the picture."""

LEVELS = 5
"""Levels of the pyramid; a pixel of the coarsest covers 16 x 16 of the picture's."""
HISTORY = 20
"""Steps that L-BFGS keeps; each takes the memory of two and a half pictures."""
ADAM_RATE = 0.05
PULL = 100.0
"""Weight of the squared excess over [-1, 1]."""


def minimize(
    start: Tensor,
    evaluate: Evaluate,
    optimizer: OptimizerName,
    steps: int,
    watch: Watch,
    *,
    inside: Tensor | None = None,
) -> Tensor:
    """Return the picture after about `steps` evaluations from `start`, (1, C, H, W) in [-1, 1].

    L-BFGS uses a strong Wolfe line search, which may add a few evaluations. Unlike in the papers, a
    pyramid of changes to the start is optimized, not the pixels. So large areas change color in a
    few steps. Checkerboards are avoided too: a network with strides hardly sees them, and optimized
    pixels would keep them. `inside`, (1, 1, H, W) in [0, 1], multiplies the change if it is given.

    The picture stays in [-1, 1]. Losses are computed on the clipped picture. A clipped pixel has no
    gradient, so PULL times the mean squared excess is added to the loss. Clipping only at the end
    lost half of the style.
    """
    height, width = start.shape[2:]
    pyramid = [
        start.new_zeros(*start.shape[:2], -(-height // 2**level), -(-width // 2**level))
        for level in range(LEVELS)
    ]
    mover = _build(optimizer, [level.requires_grad_() for level in pyramid], steps)

    def changed() -> Tensor:
        change = _flattened(pyramid)
        return start + (change if inside is None else change * inside)

    def closure() -> Tensor:
        mover.zero_grad()
        picture = changed()
        clipped = picture.clamp(-1, 1)
        excess = PULL * (picture - clipped.detach()).square().mean()
        terms, gradient = evaluate(clipped.detach())
        torch.autograd.backward([clipped, excess], [gradient, None])
        watch(terms, clipped.detach())
        return terms.total + excess.detach()

    for _ in range(steps if optimizer == "adam" else 1):  # L-BFGS counts its evaluations itself
        mover.step(closure)  # type: ignore[arg-type]
    return changed().detach().clamp(-1, 1)


def _flattened(pyramid: Sequence[Tensor]) -> Tensor:
    """Return the sum of all levels, each interpolated bilinearly to the size of the first."""
    size = pyramid[0].shape[2:]
    return pyramid[0] + sum(interpolate(level, size, mode="bilinear") for level in pyramid[1:])


def _build(optimizer: OptimizerName, values: list[Tensor], steps: int) -> Optimizer:
    """Return the optimizer; Gatys et al. 2016 use L-BFGS (Sec. 2)."""
    if optimizer == "adam":
        return Adam(values, lr=ADAM_RATE)
    return LBFGS(
        values,
        max_iter=steps,
        max_eval=steps,
        history_size=HISTORY,
        line_search_fn="strong_wolfe",
        # The gradient of a pixel is tiny, and the number of steps is fixed.
        tolerance_grad=0,
        tolerance_change=0,
    )
