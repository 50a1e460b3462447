"""The forms of the adversarial loss."""

import math
from dataclasses import dataclass

from gan.config.table import Code, Table


@dataclass(frozen=True)
class AdversarialRow:
    """What a discriminator and a generator minimize: functions of score maps, (N, 1, h, w) each.

    Where a discriminator returns several maps, the losses are the means over them.
    """

    discriminator: Code
    """(real_scores, fake_scores) to a scalar, before it is halved."""
    generator: Code
    """(fake_scores, real_scores) to a scalar; real_scores is None without uses_real."""
    regularizer: Code | None = None
    """(disc, real, fake) to a scalar, whose weight is loss.gradient_penalty; it takes gradients of
    each image's scores, which batch norms mix and half floats cannot hold."""
    uses_real: bool = False
    """Whether the generator's loss needs the scores of real images."""
    chance: float | None = None
    """The discriminator's smallest loss, halved, when it cannot tell real images from translations;
    None for a critic, whose slope is bounded and whose loss is not: the training doctor then
    compares its scores with distances of images."""


_CODE = "gan.losses.adversarial:"

ADVERSARIAL = Table(
    "adversarial form",
    {
        # At chance ((s - 1)^2 + s^2) / 2 with s = 1/2.
        "lsgan": AdversarialRow(
            f"{_CODE}lsgan_discriminator", f"{_CODE}lsgan_generator", chance=0.25
        ),
        # At chance softplus(0).
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
