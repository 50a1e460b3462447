"""What a discriminator minimizes on real and on fake scores, and what a generator minimizes to fool
it.

Scores are raw patch outputs, (N, 1, h, w); every term is the mean over patches and images. The
table is gan/config/tables/adversarial.py.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

Scores = Tensor | Sequence[Tensor]
"""One map of scores, or several: of several scales, or of several networks."""


def score_maps(scores: Scores) -> Sequence[Tensor]:
    """Return all maps of a discriminator that may return one alone."""
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
    """Return -log s(D(y)) - log(1 - s(D(G(x)))), s the logistic function: Goodfellow et al.
    2014."""
    return softplus(-real).mean() + softplus(fake).mean()


def vanilla_generator(fake: Tensor, real: Tensor | None = None) -> Tensor:
    """Return -log s(D(G(x))), the non-saturating form."""
    return softplus(-fake).mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Return max(0, 1 - D(y)) + max(0, 1 + D(G(x))): Lim and Ye 2017."""
    return relu(1 - real).mean() + relu(1 + fake).mean()


def linear_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Return D(G(x)) - D(y): Arjovsky et al. 2017; the Lipschitz constraint is gradient_penalty."""
    return -real.mean() + fake.mean()


def linear_generator(fake: Tensor, real: Tensor | None = None) -> Tensor:
    """Return -D(G(x)), for the hinge loss as well."""
    return -fake.mean()


def gradient_penalty(disc: Callable[[Tensor], Scores], real: Tensor, fake: Tensor) -> Tensor:
    """Return the squared distance to 1 of the critic's gradient norm between real and fake.

    disc is the critic, real and fake are (N, C, H, W) in [-1, 1]; the scalar result can be
    differentiated by the critic's weights.
    One point is drawn per image from torch's global generator. Gulrajani et al. 2017, Eq. 3. The
    critic's output is the mean of its patch scores, so that the penalty does not depend on the
    number of patches; of several maps it is the mean of theirs. A compiled critic runs as it is:
    torch compiles no gradients of gradients.
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
