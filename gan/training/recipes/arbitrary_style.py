"""The recipe for arbitrary styles: the generator takes a style image as a second input.

Huang and Belongie 2017, "Arbitrary style transfer in real-time with adaptive instance
normalization", with an adversarial loss in addition. For every photograph a and painting b,
gen_ab(a, b) minimizes

    adversarial(gen_ab, disc_b) + perceptual * |f(fake_b) - f(a)|^2

        + style * |G(fake_b) - G(b)|^2 + tv * TV(fake_b)

in the notation of gan/training/objective.py. The discriminator distinguishes results from
paintings. Departures from the paper: the style term compares Gram matrices of each result and its
painting, not means and deviations; the content term compares with the photograph's feature maps,
not with its normalized features.
"""

from collections.abc import Mapping, Sequence

from accelerate import Accelerator
from torch import Tensor

from gan.config import Config
from gan.domains import Domain
from gan.training.accelerator import main_first
from gan.training.objective import LossTargets, Network, discriminator_loss, guided_losses
from gan.training.optimization import set_requires_grad, total
from gan.training.perceptual import PerceptualNetwork
from gan.training.recipes.base import Batch, Step, build_frame, recipe_networks
from gan.training.sampling import guided_columns, spread


class ArbitraryStyleTrainer:
    """Trains a generator and a discriminator with an image pool."""

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        optim, device = config.optim, accelerator.device
        self.perceptual = main_first(accelerator, lambda: PerceptualNetwork(config, device))
        self.frame = build_frame(
            config,
            accelerator,
            main_first(accelerator, lambda: recipe_networks(config, ("gen_ab", "disc_b"))),
            {
                "generators": (("gen_ab",), optim.lr),
                "discriminators": (("disc_b",), optim.discriminator_lr or optim.lr),
            },
            {"perceptual.weights": self.perceptual.fingerprint},
        )

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """Update both networks once; return losses, scores and gradient norms by name."""
        frame, loss = self.frame, self.frame.config.loss
        gen_ab, disc_b = frame.networks.values()
        update = Step(frame, step)
        for batch in update.accumulate(batches):
            a, b = images = frame.prepare(batch)
            photograph, _ = frame.inputs(batch, images)
            with update.gradients([gen_ab, disc_b]):
                # Generator: keep the content of a, take the style of b, fool the discriminator.
                set_requires_grad([frame.bare["disc_b"]], False)
                fake_b = gen_ab(photograph, b)
                disc, targets = frame.bare["disc_b"], self.targets(a, b)
                losses = guided_losses(fake_b, b, disc, loss, targets)
                update.minimize(total(losses), losses)

                # Discriminator: tell paintings from present and past results.
                set_requires_grad([frame.bare["disc_b"]], True)
                past = frame.pools["b"].exchange(fake_b, update.rng)
                scored = discriminator_loss(disc_b, b, past, loss)
                update.minimize(scored.loss, scored.named("b"))
        return update.apply()

    def targets(self, a: Tensor, b: Tensor) -> LossTargets:
        """Return the loss targets: feature maps of photographs, Gram matrices of each painting."""
        content, grams = self.perceptual.content_targets(a), self.perceptual(b)
        return LossTargets(self.perceptual, {"a": content}, {"b": self.perceptual.grams_of(grams)})

    def translations(self, real: Mapping[Domain, Tensor]) -> tuple[Network, Network | None]:
        """Return a function that translates into the styles of real["b"], and None for B to A."""
        network, style = self.frame.generators["ab"], real["b"]
        return lambda content: network(content, spread(style, len(content))), None

    def sample(self, real: Mapping[Domain, Tensor]) -> dict[str, list[Tensor]]:
        """Return the columns of the sample grid: photographs, paintings, results."""
        return {"ab": guided_columns(self.frame.generators["ab"], real["a"], real["b"])}
