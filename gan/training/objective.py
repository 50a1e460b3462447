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

The sum has two halves, one for each direction: fake_b, rec_a and idt_b are one `Cycle`, fake_a,
rec_b and idt_a the other. The weights alone link them, so that each can be computed, and
differentiated, for itself.

A suffix names the domain in which an image lives; a discriminator is named for the domain that it
judges. The networks are any callables; nothing here knows an optimizer, a device or a pool.

Departures from the paper: identity weights are absolute (the paper's is half the cycle weight); the
discriminators' loss is halved, as in the paper's training details, for every form of the
adversarial loss.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from gan.config import LossConfig
from gan.domains import Domain
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


Passes = Callable[..., Sequence[Tensor]]
"""Runs a network on several batches: `one_by_one` or `at_once`."""


@dataclass(frozen=True)
class Cycle:
    """One direction, that of A to B say: a, fake_b, rec_a, b and idt_b."""

    real: Tensor
    fake: Tensor
    rec: Tensor
    target: Tensor
    """Real images of the domain that is translated to."""
    idt: Tensor | None
    """What the generator makes of the target; None where its weight is zero."""


@dataclass(frozen=True)
class LossTargets:
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

    def content(self, domain: Domain) -> Maps:
        """Maps of a domain's real images."""
        return {"a": self.content_a, "b": self.content_b}[domain]

    def gram(self, domain: Domain) -> Maps:
        """Gram matrices of a domain."""
        return {"a": self.gram_a, "b": self.gram_b}[domain]


NO_TARGETS = LossTargets()


@dataclass(frozen=True)
class DiscriminatorLoss:
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


def one_by_one(network: Network, *batches: Tensor) -> Sequence[Tensor]:
    """What a network makes of several batches, each in a pass of its own."""
    return [network(batch) for batch in batches]


def at_once(network: Network, *batches: Tensor) -> Sequence[Tensor]:
    """The same in a single pass, for networks that treat every image for itself."""
    sizes = [len(batch) for batch in batches]
    results: Sequence[Tensor] = network(torch.cat(batches)).split(sizes)
    return results


def translate(
    goal: Domain,
    forth: Network,
    back: Network,
    real: Tensor,
    target: Tensor,
    loss: LossConfig,
    passes: Passes = one_by_one,
) -> Cycle:
    """Translate images (N, C, H, W) in [-1, 1] to a domain and back, and that domain to itself."""
    if loss.weight(f"identity_{goal}"):
        fake, idt = passes(forth, real, target)
        return Cycle(real, fake, back(fake), target, idt)
    fake = forth(real)
    return Cycle(real, fake, back(fake), target, idt=None)


def generator_losses(
    start: Domain,
    goal: Domain,
    cycle: Cycle,
    disc: Network,
    loss: LossConfig,
    sight: LossTargets = NO_TARGETS,
) -> dict[str, Tensor]:
    """The weighted terms of one direction that both generators minimize, by name.

    disc judges the domain that is translated to. The sum over both directions is the objective.
    """
    losses = {
        f"adversarial_{start}{goal}": FORMS[loss.adversarial].fooled(disc(cycle.fake)),
        f"cycle_{start}": loss.weight(f"cycle_{start}") * l1_loss(cycle.rec, cycle.real),
    }
    if cycle.idt is not None:
        weight = loss.weight(f"identity_{goal}")
        losses[f"identity_{goal}"] = weight * l1_loss(cycle.idt, cycle.target)
    content = sight.content(start)
    terms = appearance_terms(f"{start}{goal}", cycle.fake, content, sight.gram(goal), sight.see)
    terms[f"perceptual_cycle_{start}"] = lambda: content_distance(sight.see(cycle.rec), content)
    terms[f"semantic_{start}{goal}"] = lambda: semantic_loss(
        sight.classify(cycle.fake), sight.classify(cycle.real)
    )
    return losses | weighted(terms, loss)


def guided_losses(
    fake_b: Tensor, disc_b: Network, loss: LossConfig, sight: LossTargets
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


def discriminator_loss(
    disc: Network, real: Tensor, fake: Tensor, loss: LossConfig, passes: Passes = one_by_one
) -> DiscriminatorLoss:
    """What a discriminator minimizes: half of its losses on real images and on translations.

    With wgan_gp the gradient penalty is inside the half, so that its ratio to the scores is that of
    Gulrajani et al.
    """
    form = FORMS[loss.adversarial]
    real_scores, fake_scores = passes(disc, real, fake.detach())
    total = form.real(real_scores) + form.fake(fake_scores)
    if loss.adversarial == "wgan_gp":
        total = total + loss.gradient_penalty * gradient_penalty(disc, real, fake)
    return DiscriminatorLoss(total / 2, real_scores.detach().mean(), fake_scores.detach().mean())
