"""The objective of CycleGAN (Zhu et al. 2017), Eq. 3 with the identity loss of Sec. 5.2.

    L(gen_ab, gen_ba, disc_a, disc_b)
        = adversarial(gen_ab, disc_b) + adversarial(gen_ba, disc_a)    Eq. 1
        + cycle    * ( |rec_a - a| + |rec_b - b| )                     Eq. 2
        + identity * ( |idt_a - a| + |idt_b - b| )                     Sec. 5.2

    fake_b = gen_ab(a)      rec_a = gen_ba(fake_b)      idt_a = gen_ba(a)
    fake_a = gen_ba(b)      rec_b = gen_ab(fake_a)      idt_b = gen_ab(b)

|.| is the mean over pixels. A suffix names the domain in which an image lives; a discriminator is
named for the domain that it judges. The networks are any callables; nothing here knows an
optimizer, a device or a pool.

Departures from the paper: identity weights are absolute (the paper's is half the cycle weight); the
discriminators' loss is halved, as in the paper's training details, for every form of the
adversarial loss.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import l1_loss

from gan.config import LossConfig
from gan.losses import FORMS, gradient_penalty

Network = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Translations:
    """What the generators make of a and b; identity outputs only where their weight is not zero."""

    fake_a: Tensor
    fake_b: Tensor
    rec_a: Tensor
    rec_b: Tensor
    idt_a: Tensor | None
    idt_b: Tensor | None


@dataclass(frozen=True)
class Judgement:
    """A discriminator's loss, and its mean scores on real images and on translations."""

    loss: Tensor
    real: Tensor
    fake: Tensor

    def named(self, domain: str) -> dict[str, Tensor]:
        """The three values under the names that the logs use."""
        return {
            f"discriminator_{domain}": self.loss,
            f"score_real_{domain}": self.real,
            f"score_fake_{domain}": self.fake,
        }


def translate(
    gen_ab: Network, gen_ba: Network, a: Tensor, b: Tensor, loss: LossConfig
) -> Translations:
    """Translate a and b, (N, C, H, W) in [-1, 1], there and back."""
    fake_b, fake_a = gen_ab(a), gen_ba(b)
    return Translations(
        fake_a=fake_a,
        fake_b=fake_b,
        rec_a=gen_ba(fake_b),
        rec_b=gen_ab(fake_a),
        idt_a=gen_ba(a) if loss.weight("identity_a") else None,
        idt_b=gen_ab(b) if loss.weight("identity_b") else None,
    )


def generator_losses(
    out: Translations, a: Tensor, b: Tensor, disc_a: Network, disc_b: Network, loss: LossConfig
) -> dict[str, Tensor]:
    """The weighted terms that both generators minimize, by name: their sum is the objective."""
    fooled = FORMS[loss.adversarial].fooled
    losses = {
        "adversarial_ab": fooled(disc_b(out.fake_b)),
        "adversarial_ba": fooled(disc_a(out.fake_a)),
        "cycle_a": loss.weight("cycle_a") * l1_loss(out.rec_a, a),
        "cycle_b": loss.weight("cycle_b") * l1_loss(out.rec_b, b),
    }
    if out.idt_a is not None:
        losses["identity_a"] = loss.weight("identity_a") * l1_loss(out.idt_a, a)
    if out.idt_b is not None:
        losses["identity_b"] = loss.weight("identity_b") * l1_loss(out.idt_b, b)
    return losses


def judge(disc: Network, real: Tensor, fake: Tensor, loss: LossConfig) -> Judgement:
    """What a discriminator minimizes: half of its losses on real images and on translations.

    With wgan_gp the gradient penalty is inside the half, so that its ratio to the scores is that of
    Gulrajani et al.
    """
    form = FORMS[loss.adversarial]
    real_scores, fake_scores = disc(real), disc(fake.detach())
    total = form.real(real_scores) + form.fake(fake_scores)
    if loss.adversarial == "wgan_gp":
        total = total + loss.gradient_penalty * gradient_penalty(disc, real, fake)
    return Judgement(total / 2, real_scores.detach().mean(), fake_scores.detach().mean())
