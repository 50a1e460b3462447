"""CycleGAN's recipe: four networks, two optimizers, two pools, and the step that updates them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from accelerate import Accelerator
from torch import Tensor, nn

from gan.config import Config
from gan.domains import DIRECTIONS, DOMAINS, Domain
from gan.images.pixels import to_unit
from gan.networks.assembly import Networks, build_networks
from gan.networks.resnet import recompute_blocks
from gan.semantics import FrozenClassifier, classifier_needed
from gan.training.accelerator import distribute, gradients_agree, main_first, share_statistics
from gan.training.image_pool import ImagePool, usable
from gan.training.initial_weights import begin
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
from gan.training.optimization import Updates, mean, reseed, set_requires_grad, total
from gan.training.perceptual import LossTargetsBuilder, PerceptualNetwork, needs_perceptual_network
from gan.training.sampling import sample_columns

Batch = Sequence[Tensor]
"""(a, b): uint8 images of each domain, (N, C, H, W)."""
Images = dict[Domain, Tensor]
Values = dict[str, Tensor]


class Trainer:
    """All that learns, and the step in which it does."""

    config: Config
    accelerator: Accelerator

    # The networks as they are trained (wrapped for several processes), and bare.
    networks: Networks
    bare: Networks

    updates: Updates
    perception: LossTargetsBuilder
    # Tells whether a translation still is what its original is (loss.semantic).
    classifier: FrozenClassifier | None = None
    passes: Passes

    # Past translations shown to the discriminators, each process its own.
    pools: dict[Domain, ImagePool]

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        self.config, self.accelerator = config, accelerator
        device, eye = accelerator.device, None
        if needs_perceptual_network(config.loss):
            eye = main_first(accelerator, lambda: PerceptualNetwork(config, device))
        if classifier_needed(config.loss):
            self.classifier = main_first(accelerator, lambda: FrozenClassifier(config, device))
        share = partial(accelerator.reduce, reduction="mean")
        self.perception = LossTargetsBuilder(config.perceptual, eye, share)
        networks = build_networks(
            config.networks, config.data.channels_a, config.data.channels_b, seed=config.run.seed
        )
        begin(config, networks.named(), main=accelerator.is_main_process)
        if config.train.recompute:
            recompute_blocks(networks.generators)
        self.bare = Networks(*(share_statistics(net, accelerator) for net in networks))
        last = config.train.channels_last
        self.networks = Networks(
            *(distribute(net, accelerator, channels_last=last) for net in self.bare)
        )
        self.updates = Updates(config, device, self.bare.generators, self.bare.discriminators)
        self.passes = passes_of(config)
        self.pools = {domain: ImagePool(config.train.pool_size) for domain in DOMAINS}

    @property
    def generators(self) -> tuple[nn.Module, ...]:
        """The generators for use, A to B and B to A: the averaged ones where averaging is on."""
        return self.updates.for_use

    @property
    def fingerprints(self) -> dict[str, str]:
        """What a resumed run must find again, by the key that names its file."""
        classifier = {} if self.classifier is None else self.classifier.fingerprints
        return self.perception.fingerprints | classifier

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """One update of all four networks; its losses, scores and gradient norms by name.

        batches are accumulated: their gradients are averaged. All randomness comes from (run.seed,
        process, step). Both halves use the translations made before the update, as the paper's
        authors do.
        """
        nets, bare, loss, updates = self.networks, self.bare, self.config.loss, self.updates
        rng = reseed(self.config.run.seed, self.accelerator.process_index, step)
        statistics = updates.statistics()
        records: list[dict[str, Tensor]] = []
        real = [self.prepare(batch) for batch in batches]
        for images, targets in zip(real, self.loss_targets(real), strict=True):
            last = len(records) == len(batches) - 1
            record, fakes = Values(), Images()
            # Generators: fool both discriminators and come back home. One direction's graph is gone
            # before the other's is built: the same gradients in half the memory.
            set_requires_grad(bare.discriminators, False)
            for direction, ends in DIRECTIONS.items():
                with gradients_agree(self.accelerator, nets.generators, when=last and bool(fakes)):
                    pair, images_of = (
                        nets.pair(direction),
                        (images[ends.source], images[ends.target]),
                    )
                    cycle = translate(direction, *pair, *images_of, loss, self.passes)
                    disc = bare.disc(ends.target)
                    losses = generator_losses(direction, cycle, disc, loss, targets)
                    updates.scaler.scale(total(losses) / len(batches)).backward()
                record |= losses
                fakes[ends.target] = cycle.fake.detach()

            # Discriminators: tell real images from present and past translations.
            set_requires_grad(bare.discriminators, True)
            for domain, fake in fakes.items():
                with gradients_agree(self.accelerator, nets.discriminators, when=last):
                    past = self.pools[domain].exchange(fake, rng)
                    judged = discriminator_loss(
                        nets.disc(domain), images[domain], past, loss, self.passes
                    )
                    updates.scaler.scale(judged.loss / len(batches)).backward()
                record |= judged.named(domain)
            records.append(record)
        return mean(records) | updates.apply(step, statistics)

    def loss_targets(self, real: Sequence[Images]) -> list[LossTargets]:
        """Return what frozen networks compute from the real images of a step, batch by batch."""
        targets = self.perception.loss_targets([list(images.values()) for images in real])
        if self.classifier is None:
            return targets
        return [replace(each, classify=self.classifier) for each in targets]

    def prepare(self, batch: Batch) -> Images:
        """A batch's images on the device, in [-1, 1], by their domains."""
        a, b = (to_unit(images.to(self.accelerator.device, non_blocking=True)) for images in batch)
        return {"a": a, "b": b}

    def ways(self, real: Mapping[Domain, Tensor]) -> tuple[Network, Network | None]:
        """The translations A to B and B to A, for use."""
        gen_ab, gen_ba = self.generators
        return gen_ab, gen_ba

    def sample(self, real: Mapping[Domain, Tensor]) -> dict[str, list[Tensor]]:
        """What the samples show, both ways: real, fake, reconstruction, identity."""
        gen_ab, gen_ba = self.generators
        return {
            "ab": sample_columns(gen_ab, gen_ba, real["a"]),
            "ba": sample_columns(gen_ba, gen_ab, real["b"]),
        }

    def state(self) -> dict[str, Any]:
        """What all processes share and resuming needs."""
        return self.updates.state() | {"perception": self.perception.state()}

    def own_state(self) -> dict[str, Any]:
        """What each process has for itself: its pools."""
        return {f"pool_{domain}": pool.state() for domain, pool in self.pools.items()}

    def restore(self, state: dict[str, Any], own_state: dict[str, Any]) -> None:
        """Go on from what state() and own_state() gave."""
        self.updates.restore(state)
        # States written before there was a perception have none.
        self.perception.restore(state.get("perception", {}), self.accelerator.device)
        side, device = self.config.data.crop_size, self.accelerator.device
        for domain, pool in self.pools.items():
            pool.restore(usable(own_state.get(f"pool_{domain}"), side, device))


def passes_of(config: Config) -> Passes:
    """How networks are run: several batches at once, unless a norm mixes their images."""
    together = config.train.batch_passes and config.networks.norm != "batch"
    return at_once if together else one_by_one
