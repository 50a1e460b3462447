"""The objective of CycleGAN (Zhu et al. 2017), Eq. 3 with the identity loss of Sec. 5.2.

    L(gen_ab, gen_ba, disc_a, disc_b)
        = adversarial(gen_ab, disc_b) + adversarial(gen_ba, disc_a)    Eq. 1
        + cycle    * ( |rec_a - a| + |rec_b - b| )                     Eq. 2
        + identity * ( |idt_a - a| + |idt_b - b| )                     Sec. 5.2
        + perceptual       * ( |f(fake_b) - f(a)|^2 + |f(fake_a) - f(b)|^2 )
        + perceptual_cycle * ( |f(rec_a) - f(a)|^2  + |f(rec_b) - f(b)|^2 )
        + style            * ( |G(fake_b) - G_b|^2  + |G(fake_a) - G_a|^2 )
        + tv               * ( TV(fake_b) + TV(fake_a) )
        + steadiness       * ( |gen_ab(moved a) - moved fake_b| + |gen_ba(moved b) - moved fake_a| )
        + semantic         * ( -log p(fake_b)[k(a)] - log p(fake_a)[k(b)] )
        + terms.NAME       * ( NAME(ab) + NAME(ba) )                   for every registered NAME

    fake_b = gen_ab(a)      rec_a = gen_ba(fake_b)      idt_a = gen_ba(a)
    fake_a = gen_ba(b)      rec_b = gen_ab(fake_a)      idt_b = gen_ab(b)

|.| is the mean over pixels. The last seven lines are off by default. f are feature maps of a frozen
network, G their Gram matrices (Johnson et al. 2016, Sec. 3), G_a and G_b those of a whole domain.
gan/losses has the formulas; terms are averaged over the layers. The recipe single_style minimizes
perceptual, style and tv for one direction, with the Gram matrices of one painting as G_b;
arbitrary_style adds the adversarial term and uses G(b) of each b. The semantic line is CyCADA's
(Hoffman et al. 2018, Eq. 4): p are the probabilities that a frozen classifier of A gives to its
classes, k the likeliest class. The last line is for terms from outside the package: each is a
function of one direction's `Cycle`.

The sum has two halves, one for each direction: fake_b, rec_a and idt_b form one `Cycle`, fake_a,
rec_b and idt_a the other. The two halves share nothing but the weights, so each can be computed and
differentiated separately.

A suffix names the domain in which an image lives; a discriminator is named for the domain that it
classifies. The networks are any callables; this module knows no optimizer, device or pool.

Departures from the paper: identity weights are absolute (the paper's is half the cycle weight); the
discriminators' loss is halved, as in the paper's training details, for every form of the
adversarial loss.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from gan.config import LossConfig
from gan.config.choices import WeightedTerm
from gan.config.table import load
from gan.config.tables.adversarial import ADVERSARIAL
from gan.config.tables.losses import LOSS_TERMS
from gan.domains import DIRECTIONS, Direction, Domain
from gan.losses import (
    Scores,
    gram_distance,
    mean_gram,
    perceptual_distance,
    score_maps,
    semantic_loss,
    steadiness_loss,
    total_variation,
    weighted_sum,
)

Network = Callable[[Tensor], Tensor]
Discriminator = Callable[[Tensor], Scores]
Maps = Mapping[str, Tensor]
"""One tensor for each layer of a frozen network, by layer name."""
FeatureMaps = Callable[[Tensor], Maps]
"""A frozen network: maps images to feature maps."""
Terms = dict[tuple[WeightedTerm, Domain | Direction], Callable[[], Tensor]]
"""Unweighted losses by (term, domain or direction), each computed when it is called."""
Passes = Callable[..., Sequence[Any]]
"""Runs a network on several batches: `one_by_one` or `at_once`."""


@dataclass(frozen=True)
class Cycle:
    """The images of one direction, (N, C, H, W); for A to B: a, fake_b, rec_a, b and idt_b."""

    real: Tensor
    fake: Tensor
    rec: Tensor
    target: Tensor
    """Real images of the target domain."""
    idt: Tensor | None
    """The generator's output for `target`; None if the identity weight is 0."""
    unsteady: Tensor | None = None
    """The steadiness term, unweighted; None if its weight is 0."""


@dataclass(frozen=True)
class LossTargets:
    """Frozen networks, and features of the real images with which outputs are compared.

    By default there are none, which suffices if no loss weight requires them.
    """

    feature_maps: FeatureMaps = lambda _: {}
    content: Mapping[Domain, Maps] = field(default_factory=lambda: {"a": {}, "b": {}})
    """Feature maps of each domain's real images; outputs are compared with them by position."""
    gram: Mapping[Domain, Maps] = field(default_factory=lambda: {"a": {}, "b": {}})
    """Gram matrices of each domain, (1, C, C), or of each of its images, (N, C, C)."""
    classify: Network = lambda images: images
    """Maps images of either domain to a classifier's logits, (N, classes)."""


NO_TARGETS = LossTargets()


@dataclass(frozen=True)
class DiscriminatorLoss:
    """A discriminator's loss, and its mean scores on real images and on translations."""

    loss: Tensor
    real: Tensor
    fake: Tensor

    def named(self, domain: Domain) -> dict[str, Tensor]:
        """Return the three values by the names that the logs use."""
        return {
            f"discriminator_{domain}": self.loss,
            f"score_real_{domain}": self.real,
            f"score_fake_{domain}": self.fake,
        }


def one_by_one(network: Callable[[Tensor], Scores], *batches: Tensor) -> Sequence[Scores]:
    """Return a network's outputs for several batches, each in a separate pass."""
    return [network(batch) for batch in batches]


def at_once(network: Callable[[Tensor], Scores], *batches: Tensor) -> Sequence[Scores]:
    """Return the outputs as one_by_one does, but from one pass over all images.

    Only for networks that treat images separately.
    """
    sizes = [len(batch) for batch in batches]
    output = network(torch.cat(batches))
    if isinstance(output, Tensor):
        return list(output.split(sizes))
    return list(zip(*(scores.split(sizes) for scores in output), strict=True))


def translate(
    direction: Direction,
    generator: Network,
    inverse: Network,
    real: Tensor,
    target: Tensor,
    loss: LossConfig,
    passes: Passes = one_by_one,
    inputs: Mapping[Domain, Tensor] | None = None,
) -> Cycle:
    """Translate and reconstruct `real`; compute the identity output for `target`.

    real and target are (N, C, H, W) in [-1, 1]. generator translates in the direction, inverse in
    the opposite one. The identity output is None if its weight is 0. With data.degrade, `inputs`
    are degraded copies of both domains' images, which the generator receives instead.
    """
    ends = DIRECTIONS[direction]
    source, other = (inputs[ends.source], inputs[ends.target]) if inputs else (real, target)
    both = loss.weight("identity", ends.target)
    fake, idt = passes(generator, source, other) if both else (generator(source), None)
    unsteady = steadiness_loss(generator, source, fake) if loss.steadiness else None
    return Cycle(real, fake, inverse(fake), target, idt, unsteady)


def generator_losses(
    direction: Direction,
    cycle: Cycle,
    disc: Discriminator,
    loss: LossConfig,
    targets: LossTargets = NO_TARGETS,
) -> dict[str, Tensor]:
    """Return the weighted terms of one direction, scalars by name; both generators minimize them.

    disc classifies the target domain. The objective is the sum over all terms of both directions.
    """
    ends = DIRECTIONS[direction]
    losses = {
        f"adversarial_{direction}": adversarial_loss(disc, cycle.fake, cycle.target, loss),
        f"cycle_{ends.source}": loss.weight("cycle", ends.source) * l1_loss(cycle.rec, cycle.real),
    }
    if cycle.idt is not None:
        weight = loss.weight("identity", ends.target)
        losses[f"identity_{ends.target}"] = weight * l1_loss(cycle.idt, cycle.target)
    if cycle.unsteady is not None:
        losses[f"steadiness_{direction}"] = loss.steadiness * cycle.unsteady
    content, feature_maps = targets.content[ends.source], targets.feature_maps
    terms = appearance_terms(
        direction, cycle.fake, content, targets.gram[ends.target], feature_maps
    )
    terms["perceptual_cycle", ends.source] = lambda: _content_distance(
        feature_maps(cycle.rec), content
    )
    terms["semantic", direction] = lambda: semantic_loss(
        targets.classify(cycle.fake), targets.classify(cycle.real)
    )
    return losses | weighted(terms, loss) | _registered_losses(direction, cycle, loss)


def guided_losses(
    fake_b: Tensor, b: Tensor, disc_b: Discriminator, loss: LossConfig, targets: LossTargets
) -> dict[str, Tensor]:
    """Return the weighted terms, scalars by name, of translations fake_b in the styles of b."""
    adversarial = adversarial_loss(disc_b, fake_b, b, loss)
    content, gram = targets.content["a"], targets.gram["b"]
    terms = appearance_terms("ab", fake_b, content, gram, targets.feature_maps)
    return {"adversarial_ab": adversarial} | weighted(terms, loss)


def adversarial_loss(disc: Discriminator, fake: Tensor, real: Tensor, loss: LossConfig) -> Tensor:
    """Return the adversarial loss of a generator, averaged over the discriminator's score maps.

    real are images of the discriminator's domain; only some forms use their scores.
    """
    form = ADVERSARIAL[loss.adversarial]
    fake_maps = score_maps(disc(fake))
    real_maps: Sequence[Tensor | None] = [None] * len(fake_maps)
    if form.uses_real:
        with torch.no_grad():
            real_maps = score_maps(disc(real))
    return _mean_over_maps(load(form.generator), fake_maps, real_maps)


def appearance_terms(
    direction: Direction, fake: Tensor, content: Maps, gram: Maps, feature_maps: FeatureMaps
) -> Terms:
    """Return the unweighted perceptual, style and tv terms of one direction.

    content are the original images' feature maps, gram the style's Gram matrices.
    """
    maps = cache(lambda: feature_maps(fake))  # one pass for both terms, and only if one is computed
    return {
        ("perceptual", direction): lambda: _content_distance(maps(), content),
        ("style", direction): lambda: style_distance(maps(), gram),
        ("tv", direction): lambda: total_variation(fake),
    }


def weighted(terms: Terms, loss: LossConfig) -> dict[str, Tensor]:
    """Return the terms times their weights, scalars by name; those of weight 0 are skipped."""
    weights = {name: loss.weight(*name) for name in terms}
    return {"_".join(name): weight * terms[name]() for name, weight in weights.items() if weight}


def _registered_losses(direction: Direction, cycle: Cycle, loss: LossConfig) -> dict[str, Tensor]:
    """Return the terms of loss.terms times their weights, by name; those of weight 0 are skipped.

    ValueError if a term's function does not return a scalar tensor.
    """
    losses = {}
    for name, weight in loss.terms.items():
        if weight:
            value = load(LOSS_TERMS[name].code)(cycle)
            if not isinstance(value, Tensor) or value.dim():
                got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
                raise ValueError(
                    f"loss term {name}: its function returned {got}, not a scalar tensor"
                )
            losses[f"{name}_{direction}"] = weight * value
    return losses


def _content_distance(maps: Maps, content: Maps) -> Tensor:
    """Return the perceptual distance between feature maps, averaged over content's layers."""
    return weighted_sum({at: perceptual_distance(maps[at], content[at]) for at in content})


def style_distance(maps: Maps, gram: Maps) -> Tensor:
    """Return the distance of the maps' Gram matrices from `gram`, averaged over gram's layers."""
    return weighted_sum({at: gram_distance(mean_gram(maps[at]), gram[at]) for at in gram})


def discriminator_loss(
    disc: Discriminator, real: Tensor, fake: Tensor, loss: LossConfig, passes: Passes = one_by_one
) -> DiscriminatorLoss:
    """Return a discriminator's loss: half of the sum over real images and translations.

    real and fake are (N, C, H, W); no gradient flows to fake. A regularizer, such as the gradient
    penalty of wgan_gp, is halved too: so its weight relative to the scores is that of its paper.
    """
    form = ADVERSARIAL[loss.adversarial]
    real_maps, fake_maps = map(score_maps, passes(disc, real, fake.detach()))
    total = _mean_over_maps(load(form.discriminator), real_maps, fake_maps)
    if form.regularizer is not None:
        total = total + loss.gradient_penalty * load(form.regularizer)(disc, real, fake)
    return DiscriminatorLoss(total / 2, _mean_score(real_maps), _mean_score(fake_maps))


def _mean_over_maps(term: Callable[..., Tensor], *maps: Sequence[Tensor | None]) -> Tensor:
    """Return the mean of `term` over the corresponding score maps of two passes."""
    return torch.stack([term(*scores) for scores in zip(*maps, strict=True)]).mean()


def _mean_score(maps: Sequence[Tensor]) -> Tensor:
    """Return the mean of the maps' means, without a gradient."""
    return torch.stack([scores.detach().mean() for scores in maps]).mean()
