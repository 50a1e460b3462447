"""The forms of the adversarial loss."""

import math
from dataclasses import dataclass

from gan.config.table import Code, Table


@dataclass(frozen=True)
class AdversarialRow:
    """Losses of a discriminator and of a generator: functions of score maps, (N, 1, h, w) each.

    If a discriminator returns several maps, the losses are averaged over them.
    """

    discriminator: Code
    """Maps (real_scores, fake_scores) to a scalar, which is halved later."""
    generator: Code
    """Maps (fake_scores, real_scores) to a scalar; real_scores is None without uses_real."""
    regularizer: Code | None = None
    """Maps (disc, real, fake) to a scalar, weighted by loss.gradient_penalty. It differentiates the
    scores of single images, so networks.norm batch and train.precision fp16 are rejected."""
    uses_real: bool = False
    """Whether the generator's loss uses the scores of real images."""
    chance: float | None = None
    """Half of the smallest loss of a discriminator that cannot distinguish real images from
    translations. None for a critic: its slope is bounded, but its loss is not. There the training
    doctor compares differences of scores with distances between images."""


_CODE = "gan.losses.adversarial:"

ADVERSARIAL = Table(
    "adversarial form",
    {
        # At chance s = 1/2: ((s - 1)^2 + s^2) / 2.
        "lsgan": AdversarialRow(
            f"{_CODE}lsgan_discriminator", f"{_CODE}lsgan_generator", chance=0.25
        ),
        # At chance: softplus(0).
        "vanilla": AdversarialRow(
            f"{_CODE}vanilla_discriminator", f"{_CODE}vanilla_generator", chance=math.log(2)
        ),
        "hinge": AdversarialRow(
            f"{_CODE}hinge_discriminator", f"{_CODE}linear_generator", chance=1.0
        ),
        "wgan_gp": AdversarialRow(
            f"{_CODE}linear_discriminator",
            f"{_CODE}linear_generator",
            regularizer=f"{_CODE}gradient_penalty",
        ),
    },
)
