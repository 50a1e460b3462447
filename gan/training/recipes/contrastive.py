"""The recipe of CUT and FastCUT: one direction, without cycle consistency.

Park et al. 2020, "Contrastive learning for unpaired image-to-image translation". Each patch
of a translation must be matched to the patch at the same position of its original, among other
patches of the original. For images a and b, gen_ab and heads_ab minimize

    adversarial(gen_ab, disc_b) + nce / 2 * ( NCE(fake_b, a) + NCE(idt_b, b) ) + tv * TV(fake_b)

in the notation of gan/training/objective.py, with fake_b = gen_ab(a) and idt_b = gen_ab(b). NCE is
the mean over feature maps of `patch_nce`. Its features come from the generator's own encoder, for
both images, and are projected by heads_ab. Without loss.nce_identity, as in FastCUT, the terms with
nce are nce * NCE(fake_b, a).

Departures from the authors' code: the heads' sizes follow from the configuration, not from the
first step; their initial weights are drawn like those of the other networks; originals are encoded
in the pass that translates them; the updates come after both backward passes. FastCUT's mirrored
images are not supported.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from accelerate import Accelerator
from torch import Tensor

from gan.config import Config
from gan.domains import Domain
from gan.networks.projection import build_heads
from gan.training.accelerator import main_first
from gan.training.contrast import contrast, contrastive_losses, draw_positions
from gan.training.objective import Network, Passes, at_once, discriminator_loss, one_by_one
from gan.training.optimization import set_requires_grad, total
from gan.training.recipes.base import Batch, Step, build_frame, recipe_networks
from gan.training.sampling import sample_columns


class ContrastiveTrainer:
    """Trains a generator, heads that project its features, and a discriminator."""

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        optim, chosen = config.optim, config.networks
        networks = main_first(accelerator, lambda: recipe_networks(config, ("gen_ab", "disc_b")))
        gen_ab: Any = networks["gen_ab"]
        self.feature_maps = gen_ab.feature_maps
        channels = [at.channels for at in self.feature_maps]
        networks["heads_ab"] = build_heads(channels, chosen.init_gain, seed=config.run.seed)
        self.frame = build_frame(
            config,
            accelerator,
            networks,
            {
                "generators": (("gen_ab",), optim.lr),
                "discriminators": (("disc_b",), optim.discriminator_lr or optim.lr),
                "heads": (("heads_ab",), optim.lr),
            },
            {},
        )
        # Several batches in one pass, unless a norm mixes their images.
        together = config.train.batch_passes and chosen.norm != "batch"
        self.passes: Passes = at_once if together else one_by_one

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """Update all three networks once; return losses, scores and gradient norms by name."""
        frame, loss, passes = self.frame, self.frame.config.loss, self.passes
        gen_ab, disc_b, heads_ab = frame.networks.values()
        update = Step(frame, step)
        for batch in update.accumulate(batches):
            a, b = images = frame.prepare(batch)
            inputs = frame.inputs(batch, images) if frame.config.data.degrade else ()
            positions = draw_positions(self.feature_maps, a, loss.nce_patches)
            with update.gradients([gen_ab, disc_b, heads_ab]):
                # Generator and heads: fool the discriminator, keep the content of each patch of a.
                set_requires_grad([frame.bare["disc_b"]], False)
                made = contrast(gen_ab, heads_ab, a, b, positions, loss, passes, inputs)
                losses = contrastive_losses(made, b, frame.bare["disc_b"], loss)
                update.minimize(total(losses), losses)

                # Discriminator: tell real images from present and past translations.
                set_requires_grad([frame.bare["disc_b"]], True)
                past = frame.pools["b"].exchange(made.fake, update.rng)
                scored = discriminator_loss(disc_b, b, past, loss, passes)
                update.minimize(scored.loss, scored.named("b"))
        return update.apply()

    def translations(self, real: Mapping[Domain, Tensor]) -> tuple[Network, Network | None]:
        """Return the generator A to B, and None for B to A."""
        return self.frame.generators["ab"], None

    def sample(self, real: Mapping[Domain, Tensor]) -> dict[str, list[Tensor]]:
        """Return the columns of the sample grid: images of A, their translations."""
        return {"ab": sample_columns(self.frame.generators["ab"], None, real["a"])}
