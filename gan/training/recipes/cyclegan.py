"""CycleGAN's recipe: four networks, two optimizers, two pools, and one training step."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from accelerate import Accelerator
from torch import Tensor

from gan.config import Config
from gan.domains import DIRECTIONS, DOMAINS, Domain
from gan.features.projected import ProjectedDiscriminator
from gan.networks.assembly import Networks
from gan.semantics import FrozenClassifier, classifier_needed
from gan.training.accelerator import main_first
from gan.training.objective import (
    LossTargets,
    Network,
    Passes,
    at_once,
    discriminator_loss,
    generator_losses,
    one_by_one,
    translate,
)
from gan.training.optimization import set_requires_grad, total
from gan.training.perceptual import LossTargetsBuilder, PerceptualNetwork
from gan.training.recipes.base import Batch, Step, build_frame, recipe_networks
from gan.training.sampling import sample_columns

Images = dict[Domain, Tensor]


class Trainer:
    """Trains the networks of CycleGAN."""

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        optim, device = config.optim, accelerator.device
        # A frozen network whose feature maps are compared.
        perceptual = None
        if config.compares_features:
            perceptual = main_first(accelerator, lambda: PerceptualNetwork(config, device))
        share = partial(accelerator.reduce, reduction="mean")
        self.perception = LossTargetsBuilder(config.perceptual, perceptual, share)
        fingerprints = self.perception.fingerprints
        # Classifies translations and originals (loss.semantic).
        self.classifier = None
        if classifier_needed(config.loss):
            self.classifier = main_first(accelerator, lambda: FrozenClassifier(config, device))
            fingerprints |= self.classifier.fingerprints
        self.frame = build_frame(
            config,
            accelerator,
            main_first(accelerator, lambda: recipe_networks(config, Networks._fields)),
            {
                "generators": (("gen_ab", "gen_ba"), optim.lr),
                "discriminators": (("disc_a", "disc_b"), optim.discriminator_lr or optim.lr),
            },
            fingerprints,
            {"perception": self.perception},
        )
        # Wrapped for several processes, and bare.
        self.networks = Networks(**self.frame.networks)
        self.bare = Networks(**self.frame.bare)
        for disc in self.bare.discriminators:
            if (
                isinstance(disc, ProjectedDiscriminator)
                and perceptual
                and perceptual.serves_discriminators
            ):
                disc.feature_maps = perceptual
        # Several batches in one pass, unless a norm mixes their images.
        together = config.train.batch_passes and config.networks.norm != "batch"
        self.passes: Passes = at_once if together else one_by_one

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """Update all four networks once; return losses, scores and gradient norms by name."""
        nets, bare = self.networks, self.bare
        loss, passes = self.frame.config.loss, self.passes
        update = Step(self.frame, step)
        for images, inputs, targets in update.accumulate(self.prepare(batches)):
            fakes = Images()
            # Generators: fool both discriminators and reconstruct. One direction's graph is freed
            # before the other's is built: the same gradients with half the memory.
            set_requires_grad(bare.discriminators, False)
            for direction, ends in DIRECTIONS.items():
                real, target, pair = images[ends.source], images[ends.target], nets.pair(direction)
                with update.gradients(nets.generators, complete=bool(fakes)):
                    cycle = translate(direction, *pair, real, target, loss, passes, inputs)
                    disc = bare.disc(ends.target)
                    losses = generator_losses(direction, cycle, disc, loss, targets)
                    update.minimize(total(losses), losses)
                fakes[ends.target] = cycle.fake.detach()

            # Discriminators: tell real images from present and past translations. The present ones
            # were made before the generators' update, as in the authors' code.
            set_requires_grad(bare.discriminators, True)
            for domain, fake in fakes.items():
                with update.gradients(nets.discriminators):
                    disc, pool = nets.disc(domain), self.frame.pools[domain]
                    past = pool.exchange(fake, update.rng)
                    scored = discriminator_loss(disc, images[domain], past, loss, passes)
                    update.minimize(scored.loss, scored.named(domain))
        return update.apply()

    def prepare(self, batches: Sequence[Batch]) -> list[tuple[Images, Images, LossTargets]]:
        """Return each batch's images by domain, the generators' inputs, and the loss targets."""
        prepared = [self.frame.prepare(batch) for batch in batches]
        inputs = [self.frame.inputs(*pair) for pair in zip(batches, prepared, strict=True)]
        targets = self.perception.loss_targets(prepared)
        if self.classifier is not None:
            targets = [replace(target, classify=self.classifier) for target in targets]
        both = ([dict(zip(DOMAINS, each, strict=True)) for each in of] for of in (prepared, inputs))
        return list(zip(*both, targets, strict=True))

    def translations(self, real: Mapping[Domain, Tensor]) -> tuple[Network, Network | None]:
        """Return the generators A to B and B to A, for inference."""
        generators = self.frame.generators
        return generators["ab"], generators["ba"]

    def sample(self, real: Mapping[Domain, Tensor]) -> dict[str, list[Tensor]]:
        """Return the columns of both directions' sample grids: real, fake, rec, idt if possible."""
        nets = self.frame.generators
        return {
            direction: sample_columns(nets[direction], nets[ends.opposite], real[ends.source])
            for direction, ends in DIRECTIONS.items()
        }
