"""The recipe of CUT and FastCUT: one direction, without a cycle.

Park et al. 2020, "Contrastive learning for unpaired image-to-image translation". A patch of a
translation is to be recognized, among other patches of its original, as the one at its own place.
For images a and b, gen_ab and heads_ab minimize

    adversarial(gen_ab, disc_b) + nce / 2 * ( NCE(fake_b, a) + NCE(idt_b, b) ) + tv * TV(fake_b)

in the words of gan/training/objective.py, with fake_b = gen_ab(a) and idt_b = gen_ab(b). NCE is the
mean over feature maps of `patch_nce`, of features that the generator's own encoder finds in both
images and that heads_ab project. Without loss.nce_identity, as in FastCUT, nce * NCE(fake_b, a) is
all.

Departures from the authors' code: the heads' sizes follow from the configuration, not from the
first step; their initial weights are drawn as those of the other networks; originals are encoded
in the pass that translates them; the updates come after both backward passes. FastCUT's mirrored
images are not offered.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from accelerate import Accelerator
from torch import Tensor

from gan.config import Config
from gan.domains import Domain
from gan.networks.assembly import build_networks
from gan.networks.projection import build_heads
from gan.training.accelerator import main_first
from gan.training.contrast import contrast, contrastive_losses, draw_positions
from gan.training.objective import Network, Passes, at_once, discriminator_loss, one_by_one
from gan.training.optimization import set_requires_grad, total
from gan.training.recipes.base import Batch, Step, build_frame
from gan.training.sampling import sample_columns


class ContrastiveTrainer:
    """A generator, the heads that project its features, a discriminator, and their step."""

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        data, optim, chosen = config.data, config.optim, config.networks
        seed = config.run.seed
        names = ("gen_ab", "disc_b")
        built = main_first(
            accelerator,
            lambda: build_networks(chosen, data.channels_a, data.channels_b, names, seed=seed),
        )
        gen_ab: Any = built["gen_ab"]
        self.feature_maps = gen_ab.feature_maps
        channels = [at.channels for at in self.feature_maps]
        built["heads_ab"] = build_heads(channels, chosen.init_gain, seed=seed)
        self.frame = build_frame(
            config,
            accelerator,
            built,
            {
                "generators": (("gen_ab",), optim.lr),
                "discriminators": (("disc_b",), optim.discriminator_lr or optim.lr),
                "heads": (("heads_ab",), optim.lr),
            },
            {},
        )
        # Several batches at once, unless a norm mixes their images.
        together = config.train.batch_passes and chosen.norm != "batch"
        self.passes: Passes = at_once if together else one_by_one

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """Update all three networks once; return losses, scores and gradient norms by name."""
        frame, loss, passes = self.frame, self.frame.config.loss, self.passes
        gen_ab, disc_b, heads_ab = frame.networks.values()
        update = Step(frame, step)
        for batch in update.accumulate(batches):
            a, b = frame.prepare(batch)
            positions = draw_positions(self.feature_maps, a, loss.nce_patches)
            with update.gradients([gen_ab, disc_b, heads_ab]):
                # Generator and heads: pass for B, keep what each patch of a shows.
                set_requires_grad([frame.bare["disc_b"]], False)
                made = contrast(gen_ab, heads_ab, a, b, positions, loss, passes)
                losses = contrastive_losses(made, b, frame.bare["disc_b"], loss)
                update.minimize(total(losses), losses)

                # Discriminator: tell real images from present and past translations.
                set_requires_grad([frame.bare["disc_b"]], True)
                past = frame.pools["b"].exchange(made.fake, update.rng)
                told = discriminator_loss(disc_b, b, past, loss, passes)
                update.minimize(told.loss, told.named("b"))
        return update.apply()

    def translations(self, real: Mapping[Domain, Tensor]) -> tuple[Network, Network | None]:
        """Return the translation of A to B, for use; there is no other."""
        return self.frame.generators["ab"], None

    def sample(self, real: Mapping[Domain, Tensor]) -> dict[str, list[Tensor]]:
        """Return what the samples show: images of A, their translations."""
        return {"ab": sample_columns(self.frame.generators["ab"], None, real["a"])}
