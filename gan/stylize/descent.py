"""The one place that changes a picture step by step."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torch.optim import LBFGS, Adam, Optimizer

from gan.config.choices import Optimizer as OptimizerName
from gan.stylize.objective import Terms

Evaluate = Callable[[Tensor], tuple[Terms, Tensor]]
"""From a picture to the loss there and its gradient."""
Watch = Callable[[Terms, Tensor], None]
"""Told of every evaluation: the loss, and the picture."""

LEVELS = 5
"""Of the pyramid; the coarsest has a pixel for 16 x 16 of the picture's."""
HISTORY = 20
"""Steps that L-BFGS remembers; each takes as much memory as two and a half pictures."""
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
    """Return the picture to which so many evaluations lead from a start; a line search may add a
    few.

    The picture is the start plus a pyramid of changes, which are what is moved: whole areas take
    their color in a few steps, and nothing rewards the checkerboards to which networks with strides
    are blind. The papers move pixels. With `inside`, (1, 1, H, W) in [0, 1], the change is
    multiplied by it. L-BFGS has the strong Wolfe conditions.

    The picture keeps to [-1, 1]: losses see it clipped, and since a clipped pixel has no gradient,
    PULL times the mean squared excess pulls it back. Clipping only at the end lost half of the
    style that had been reached.
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
    """Return the sum of all levels at the size of the first, interpolated linearly."""
    size = pyramid[0].shape[2:]
    return pyramid[0] + sum(interpolate(level, size, mode="bilinear") for level in pyramid[1:])


def _build(optimizer: OptimizerName, values: list[Tensor], steps: int) -> Optimizer:
    """Build the optimizer; Gatys et al. 2016 take L-BFGS (Sec. 2)."""
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
