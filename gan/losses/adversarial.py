"""What a discriminator minimizes on real and on fake scores, and what a generator minimizes to fool
it.

Scores are raw patch outputs, (N, 1, h, w); every term is the mean over patches and images.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

Term = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class AdversarialForm:
    """One form of the adversarial loss: three functions of scores, each a scalar."""

    real: Term
    """What the discriminator minimizes on real images."""
    fake: Term
    """What the discriminator minimizes on translations."""
    fooled: Term
    """What the generator minimizes on the discriminator's scores of its translations."""


FORMS = {
    # Mao et al. 2017, Eq. 9 (a = 0, b = c = 1); the CycleGAN paper's choice, Sec. 4.
    "lsgan": AdversarialForm(
        real=lambda scores: (scores - 1).square().mean(),
        fake=lambda scores: scores.square().mean(),
        fooled=lambda scores: (scores - 1).square().mean(),
    ),
    # Goodfellow et al. 2014, the non-saturating form: cross-entropy of the logits.
    "vanilla": AdversarialForm(
        real=lambda scores: softplus(-scores).mean(),
        fake=lambda scores: softplus(scores).mean(),
        fooled=lambda scores: softplus(-scores).mean(),
    ),
    # Lim and Ye 2017.
    "hinge": AdversarialForm(
        real=lambda scores: relu(1 - scores).mean(),
        fake=lambda scores: relu(1 + scores).mean(),
        fooled=lambda scores: -scores.mean(),
    ),
    # Arjovsky et al. 2017; the Lipschitz constraint is gradient_penalty.
    "wgan_gp": AdversarialForm(
        real=lambda scores: -scores.mean(),
        fake=lambda scores: scores.mean(),
        fooled=lambda scores: -scores.mean(),
    ),
}


def gradient_penalty(disc: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
    """Squared distance to 1 of the critic's gradient norm, at random points between real and fake.

    real and fake are (N, C, H, W); the scalar result can be differentiated by the critic's weights.
    One point is drawn per image from torch's global generator. Gulrajani et al. 2017, Eq. 3. The
    critic's output is the mean of its patch scores, so that the penalty does not depend on the
    number of patches.
    """
    mix = torch.rand(len(real), 1, 1, 1, device=real.device, dtype=real.dtype)
    between = torch.lerp(fake.detach(), real.detach(), mix).requires_grad_()
    value = disc(between).mean(dim=(1, 2, 3)).sum()
    (gradient,) = torch.autograd.grad(value, between, create_graph=True)
    norms: Tensor = gradient.flatten(1).norm(dim=1)
    return (norms - 1).square().mean()
