"""Adversarial losses of discriminators and generators.

real and fake are a discriminator's scores of real images y and of translations G(x): (N, 1, h, w),
without a sigmoid. Every loss is a scalar; each of its terms is the mean over patches and images.
Generators' losses take the real scores too, as gan/config/tables/adversarial.py requires, but these
here do not use them.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

Scores = Tensor | Sequence[Tensor]
"""One score map, or several: of several scales, or of several networks."""


def score_maps(scores: Scores) -> Sequence[Tensor]:
    """Return a discriminator's score maps as a sequence; a single map becomes a list of one."""
    return [scores] if isinstance(scores, Tensor) else scores


def lsgan_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Return (D(y) - 1)^2 + D(G(x))^2: Mao et al. 2017, Eq. 9 (a = 0, b = c = 1).

    The CycleGAN paper's choice, Sec. 4.
    """
    return (real - 1).square().mean() + fake.square().mean()


def lsgan_generator(fake: Tensor, real: Tensor | None = None) -> Tensor:
    """Return (D(G(x)) - 1)^2."""
    return (fake - 1).square().mean()


def vanilla_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Return -log s(D(y)) - log(1 - s(D(G(x)))), s the logistic function.

    Goodfellow et al. 2014.
    """
    return softplus(-real).mean() + softplus(fake).mean()


def vanilla_generator(fake: Tensor, real: Tensor | None = None) -> Tensor:
    """Return -log s(D(G(x))), s the logistic function: the non-saturating form."""
    return softplus(-fake).mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Return max(0, 1 - D(y)) + max(0, 1 + D(G(x))): Lim and Ye 2017."""
    return relu(1 - real).mean() + relu(1 + fake).mean()


def linear_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Return D(G(x)) - D(y): Arjovsky et al. 2017.

    gradient_penalty enforces the Lipschitz constraint.
    """
    return -real.mean() + fake.mean()


def linear_generator(fake: Tensor, real: Tensor | None = None) -> Tensor:
    """Return -D(G(x)), also used for the hinge loss."""
    return -fake.mean()


def gradient_penalty(disc: Callable[[Tensor], Scores], real: Tensor, fake: Tensor) -> Tensor:
    """Return the mean of (|grad D| - 1)^2 over random points between real and fake images.

    Gulrajani et al. 2017, Eq. 3. disc is the critic; real and fake are (N, C, H, W) in [-1, 1]. The
    scalar result can be differentiated with respect to the critic's weights. One point per pair of
    images is drawn from torch's global generator. D is the mean of the critic's patch scores, so
    that the penalty does not depend on the number of patches; for several maps their means are
    averaged. A compiled critic runs uncompiled: torch does not compile gradients of gradients.
    """
    mix = torch.rand(len(real), 1, 1, 1, device=real.device, dtype=real.dtype)
    between = torch.lerp(fake.detach(), real.detach(), mix).requires_grad_()
    with torch.compiler.set_stance("force_eager"):
        maps = score_maps(disc(between))
    means = [scores.mean(dim=(1, 2, 3)) for scores in maps]
    value = torch.stack(means).mean(dim=0).sum()
    (gradient,) = torch.autograd.grad(value, between, create_graph=True)
    norms: Tensor = gradient.flatten(1).norm(dim=1)
    return (norms - 1).square().mean()
