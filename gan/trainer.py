"""CycleGAN's recipe: four networks, two optimizers, two pools, and the step that updates them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from accelerate import Accelerator
from torch import Tensor, nn

from gan.acceleration import distribute, gradients_agree, main_first, share_statistics
from gan.config import Config, Domain
from gan.image_pool import ImagePool, usable
from gan.networks.assembly import Networks, build_networks
from gan.objective import Sight, generator_losses, judge, translate
from gan.perception import Eye, Perception, asked_for
from gan.pixels import to_unit
from gan.sampling import sample_columns
from gan.semantics import FrozenClassifier, classifier_needed
from gan.updates import Updates, mean, reseed, set_requires_grad, total

Batch = Sequence[Tensor]
"""(a, b): uint8 images of each domain, (N, C, H, W)."""


class Trainer:
    """All that learns, and the step in which it does."""

    config: Config
    accelerator: Accelerator

    # The networks as they are trained (wrapped for several processes), and bare.
    networks: Networks
    bare: Networks

    updates: Updates
    perception: Perception
    # Tells whether a translation still is what its original is (loss.semantic).
    classifier: FrozenClassifier | None = None

    # Past translations shown to the discriminators, each process its own.
    pool_a: ImagePool
    pool_b: ImagePool

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        self.config, self.accelerator = config, accelerator
        device, eye = accelerator.device, None
        if asked_for(config.loss):
            eye = main_first(accelerator, lambda: Eye(config, device))
        if classifier_needed(config.loss):
            self.classifier = main_first(accelerator, lambda: FrozenClassifier(config, device))
        share = partial(accelerator.reduce, reduction="mean")
        self.perception = Perception(config.perceptual, eye, share)
        networks = build_networks(
            config.networks, config.data.channels_a, config.data.channels_b, seed=config.run.seed
        )
        self.bare = Networks(*(share_statistics(net, accelerator) for net in networks))
        self.networks = Networks(*(distribute(net, accelerator) for net in self.bare))
        self.updates = Updates(config, device, self.bare.generators, self.bare.discriminators)
        self.pool_a = ImagePool(config.train.pool_size)
        self.pool_b = ImagePool(config.train.pool_size)

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
        for (a, b), sight in zip(real, self.look(real), strict=True):
            last = len(records) == len(batches) - 1
            with gradients_agree(self.accelerator, nets, when=last):
                # Generators: fool both discriminators and come back home.
                set_requires_grad(bare.discriminators, False)
                out = translate(nets.gen_ab, nets.gen_ba, a, b, loss)
                losses = generator_losses(out, a, b, bare.disc_a, bare.disc_b, loss, sight)
                updates.scaler.scale(total(losses) / len(batches)).backward()

                # Discriminators: tell real images from present and past translations.
                set_requires_grad(bare.discriminators, True)
                judged_b = judge(nets.disc_b, b, self.pool_b.exchange(out.fake_b, rng), loss)
                judged_a = judge(nets.disc_a, a, self.pool_a.exchange(out.fake_a, rng), loss)
                updates.scaler.scale((judged_a.loss + judged_b.loss) / len(batches)).backward()
            records.append(losses | judged_a.named("a") | judged_b.named("b"))
        return mean(records) | updates.apply(step, statistics)

    def look(self, real: Sequence[Sequence[Tensor]]) -> list[Sight]:
        """What frozen networks see in the real images of a step, batch by batch."""
        sights = self.perception.look(real)
        if self.classifier is None:
            return sights
        return [replace(sight, classify=self.classifier) for sight in sights]

    def prepare(self, batch: Batch) -> list[Tensor]:
        """A batch's images on the device, in [-1, 1]."""
        device = self.accelerator.device
        return [to_unit(images.to(device, non_blocking=True)) for images in batch]

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
        return {"pool_a": self.pool_a.state(), "pool_b": self.pool_b.state()}

    def restore(self, state: dict[str, Any], own_state: dict[str, Any]) -> None:
        """Go on from what state() and own_state() gave."""
        self.updates.restore(state)
        # States written before there was a perception have none.
        self.perception.restore(state.get("perception", {}), self.accelerator.device)
        side, device = self.config.data.crop_size, self.accelerator.device
        self.pool_a.restore(usable(own_state.get("pool_a"), side, device))
        self.pool_b.restore(usable(own_state.get("pool_b"), side, device))
