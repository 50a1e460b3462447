"""The objective of CycleGAN (Zhu et al. 2017), Eq. 3 with the identity loss of Sec. 5.2.

    L(gen_ab, gen_ba, disc_a, disc_b)
        = adversarial(gen_ab, disc_b) + adversarial(gen_ba, disc_a)    Eq. 1
        + cycle    * ( |rec_a - a| + |rec_b - b| )                     Eq. 2
        + identity * ( |idt_a - a| + |idt_b - b| )                     Sec. 5.2
        + perceptual       * ( |f(fake_b) - f(a)|^2 + |f(fake_a) - f(b)|^2 )
        + perceptual_cycle * ( |f(rec_a) - f(a)|^2  + |f(rec_b) - f(b)|^2 )
        + style            * ( |G(fake_b) - G_b|^2  + |G(fake_a) - G_a|^2 )
        + tv               * ( TV(fake_b) + TV(fake_a) )
        + semantic         * ( -log p(fake_b)[k(a)] - log p(fake_a)[k(b)] )

    fake_b = gen_ab(a)      rec_a = gen_ba(fake_b)      idt_a = gen_ba(a)
    fake_a = gen_ba(b)      rec_b = gen_ab(fake_a)      idt_b = gen_ab(b)

|.| is the mean over pixels. The last five lines are off unless asked for. Four are ours: f are
feature maps of a frozen network, G their Gram matrices (Johnson et al. 2016, Sec. 3), G_a and G_b
those of a whole domain; gan/losses has the formulas, whose terms are averaged over the layers. The
loss of a feed-forward style network is three of these terms for one direction, G_b being a
painting's; that of a network which is shown the painting has the adversarial one too, G_b being
each b's own. The last line is CyCADA's (Hoffman et al. 2018, Eq. 4): p are the probabilities that a
frozen classifier of A gives to its classes, k the likeliest.

A suffix names the domain in which an image lives; a discriminator is named for the domain that it
judges. The networks are any callables; nothing here knows an optimizer, a device or a pool.

Departures from the paper: identity weights are absolute (the paper's is half the cycle weight); the
discriminators' loss is halved, as in the paper's training details, for every form of the
adversarial loss.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from torch import Tensor
from torch.nn.functional import l1_loss

from gan.config import LossConfig
from gan.losses import (
    FORMS,
    gradient_penalty,
    gram_distance,
    mean_gram,
    perceptual_distance,
    semantic_loss,
    total_variation,
    weighted_sum,
)

Network = Callable[[Tensor], Tensor]
Maps = Mapping[str, Tensor]
"""A tensor for every layer of a frozen network, by its name."""
Term = Callable[[], Tensor]
"""A loss without its weight, computed when it is called."""


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
class Sight:
    """What frozen networks see: they, and what the real images were to them.

    By default they see nothing, which is enough where no weight asks for it.
    """

    see: Callable[[Tensor], Maps] = lambda _: {}
    """All feature maps of images."""
    content_a: Maps = field(default_factory=dict)
    """Maps of the real images that are compared position by position."""
    content_b: Maps = field(default_factory=dict)
    gram_a: Maps = field(default_factory=dict)
    """Gram matrices of the domain, (1, C, C), or of every image its own, (N, C, C)."""
    gram_b: Maps = field(default_factory=dict)
    classify: Network = lambda images: images
    """A classifier's logits, (N, classes), of images of either domain."""


BLIND = Sight()


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
    out: Translations,
    a: Tensor,
    b: Tensor,
    disc_a: Network,
    disc_b: Network,
    loss: LossConfig,
    sight: Sight = BLIND,
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
    terms = (
        appearance_terms("ab", out.fake_b, sight.content_a, sight.gram_b, sight.see)
        | appearance_terms("ba", out.fake_a, sight.content_b, sight.gram_a, sight.see)
        | {
            "perceptual_cycle_a": lambda: content_distance(sight.see(out.rec_a), sight.content_a),
            "perceptual_cycle_b": lambda: content_distance(sight.see(out.rec_b), sight.content_b),
            "semantic_ab": lambda: semantic_loss(sight.classify(out.fake_b), sight.classify(a)),
            "semantic_ba": lambda: semantic_loss(sight.classify(out.fake_a), sight.classify(b)),
        }
    )
    return losses | weighted(terms, loss)


def guided_losses(
    fake_b: Tensor, disc_b: Network, loss: LossConfig, sight: Sight
) -> dict[str, Tensor]:
    """The weighted terms of one direction's translations, each judged by its own style, by name."""
    fooled = FORMS[loss.adversarial].fooled(disc_b(fake_b))
    terms = appearance_terms("ab", fake_b, sight.content_a, sight.gram_b, sight.see)
    return {"adversarial_ab": fooled} | weighted(terms, loss)


def appearance_terms(
    direction: str, fake: Tensor, content: Maps, gram: Maps, see: Callable[[Tensor], Maps]
) -> dict[str, Term]:
    """What can be asked of translations in one direction beside the discriminators, by name.

    content are the original images' maps, gram the style's Gram matrices.
    """
    maps = cache(lambda: see(fake))  # once for both terms, and only if one is computed
    return {
        f"perceptual_{direction}": lambda: content_distance(maps(), content),
        f"style_{direction}": lambda: style_distance(maps(), gram),
        f"tv_{direction}": lambda: total_variation(fake),
    }


def weighted(terms: Mapping[str, Term], loss: LossConfig) -> dict[str, Tensor]:
    """The terms times their weights; those of weight 0 are not computed."""
    weights = {name: loss.weight(name) for name in terms}
    return {name: weight * terms[name]() for name, weight in weights.items() if weight}


def content_distance(maps: Maps, content: Maps) -> Tensor:
    """The perceptual distance to the content's maps, the mean over their layers."""
    return weighted_sum({at: perceptual_distance(maps[at], content[at]) for at in content})


def style_distance(maps: Maps, gram: Maps) -> Tensor:
    """The distance of every image's Gram matrices to the style's, the mean over its layers."""
    return weighted_sum({at: gram_distance(mean_gram(maps[at]), gram[at]) for at in gram})


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
