"""The recipe for any style of a folder: a generator that is shown the style in a second picture.

Huang and Belongie 2017, "Arbitrary style transfer in real-time with adaptive instance
normalization", with an adversarial loss beside their two. For every photograph a and painting b
gen_ab(a, b) minimizes

    adversarial(gen_ab, disc_b) + perceptual * |f(fake_b) - f(a)|^2
        + style * |G(fake_b) - G(b)|^2 + tv * TV(fake_b)

in the words of gan/training/objective.py: each result is compared with the Gram matrices of its own
painting. The discriminator judges whether it could be any of them. Departures from the paper: it
compares means and deviations where we compare Gram matrices, and the content's maps with those of
the normalized features where we compare with the photograph's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from accelerate import Accelerator
from torch import Tensor, nn

from gan.config import Config
from gan.domains import Domain
from gan.images.pixels import to_unit
from gan.networks.assembly import build_guided_networks
from gan.training.accelerator import distribute, gradients_agree, main_first, share_statistics
from gan.training.image_pool import ImagePool, usable
from gan.training.initial_weights import begin
from gan.training.objective import LossTargets, Network, discriminator_loss, guided_losses
from gan.training.optimization import Updates, mean, reseed, set_requires_grad, total
from gan.training.perceptual import PerceptualNetwork
from gan.training.sampling import guided_columns, spread

Batch = Sequence[Tensor]
"""(a, b): uint8 photographs and paintings, (N, C, H, W); each a is to get the style of its b."""


class ReferenceTrainer:
    """A generator and a discriminator, a pool, and the step in which both learn."""

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        self.config, self.accelerator = config, accelerator
        self.device = accelerator.device
        self.eye = main_first(accelerator, lambda: PerceptualNetwork(config, self.device))
        self.fingerprints = {"perceptual.weights": self.eye.fingerprint}
        built = build_guided_networks(
            config.networks,
            config.data.channels_a,
            config.data.channels_b,
            seed=config.run.seed,
        )
        begin(
            config,
            dict(zip(("gen_ab", "disc_b"), built, strict=True)),
            main=accelerator.is_main_process,
        )
        # (generator, discriminator): bare, and as they are trained, wrapped for several processes.
        self.bare = tuple(share_statistics(net, accelerator) for net in built)
        self.networks = tuple(
            distribute(net, accelerator, channels_last=config.train.channels_last)
            for net in self.bare
        )
        self.updates = Updates(config, self.device, self.bare[:1], self.bare[1:])
        # Past results shown to the discriminator, each process its own.
        self.pool = ImagePool(config.train.pool_size)

    @property
    def generators(self) -> tuple[nn.Module, ...]:
        """The generator for use: the averaged one where averaging is on."""
        return self.updates.for_use

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """One update of both networks; its losses, scores and gradient norms by name.

        batches are accumulated: their gradients are averaged. All randomness comes from (run.seed,
        process, step).
        """
        (gen_ab, disc_b), (_, disc_bare) = self.networks, self.bare
        loss, scale = self.config.loss, self.updates.scaler.scale
        rng = reseed(self.config.run.seed, self.accelerator.process_index, step)
        statistics, records = self.updates.statistics(), []
        for number, batch in enumerate(batches, start=1):
            a, b = (to_unit(images.to(self.device, non_blocking=True)) for images in batch)
            with gradients_agree(self.accelerator, self.networks, when=number == len(batches)):
                # Generator: keep what a shows, take the style of b, pass for a painting.
                set_requires_grad([disc_bare], False)
                fake_b = gen_ab(a, b)
                losses = guided_losses(fake_b, b, disc_bare, loss, self.look(a, b))
                scale(total(losses) / len(batches)).backward()

                # Discriminator: tell paintings from present and past results.
                set_requires_grad([disc_bare], True)
                judged = discriminator_loss(disc_b, b, self.pool.exchange(fake_b, rng), loss)
                scale(judged.loss / len(batches)).backward()
            records.append(losses | judged.named("b"))
        return mean(records) | self.updates.apply(step, statistics)

    def look(self, a: Tensor, b: Tensor) -> LossTargets:
        """What results are judged by: the photographs' content, and every painting's style."""
        content = self.eye.content_of(self.eye(a)) if self.eye.content else {}
        return LossTargets(self.eye, content_a=content, gram_b=self.eye.grams_of(self.eye(b)))

    def ways(self, real: Mapping[Domain, Tensor]) -> tuple[Network, Network | None]:
        """The translation, for use, into the styles of real paintings; there is none back."""
        (network,), style = self.generators, real["b"]
        return lambda content: network(content, spread(style, len(content))), None

    def sample(self, real: Mapping[Domain, Tensor]) -> dict[str, list[Tensor]]:
        """What the samples show: photographs, paintings, results."""
        return {"ab": guided_columns(self.generators[0], real["a"], real["b"])}

    def state(self) -> dict[str, Any]:
        """What all processes share and resuming needs."""
        return self.updates.state()

    def own_state(self) -> dict[str, Any]:
        """What each process has for itself: its pool."""
        return {"pool_b": self.pool.state()}

    def restore(self, state: dict[str, Any], own_state: dict[str, Any]) -> None:
        """Go on from what state() and own_state() gave."""
        self.updates.restore(state)
        side = self.config.data.crop_size
        self.pool.restore(usable(own_state.get("pool_b"), side, self.device))
