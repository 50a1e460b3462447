"""The recipe of a small generator that imitates a trained one on photographs alone.

Hinton et al. 2015, "Distilling the knowledge in a neural network", for translations as in GAN
Compression (Li et al. 2020, Eq. 3) and OMGD (Ren et al. 2021). The teacher's translations form
pairs with the photographs, so neither a cycle nor a discriminator is needed. gen_ab minimizes, over
the photographs a,

    pixel * |fake_b - teacher(a)| + perceptual * |f(fake_b) - f(teacher(a))|^2

in the notation of gan/training/objective.py. Departures from both papers: no adversarial term, and
feature maps are those of a frozen network instead of the teacher's.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.nn.functional import l1_loss

from gan.config import Config
from gan.domains import Domain
from gan.training.accelerator import main_first
from gan.training.objective import FeatureMaps, Network, appearance_terms, weighted
from gan.training.optimization import total
from gan.training.perceptual import PerceptualNetwork
from gan.training.recipes.base import Batch, Step, build_frame, recipe_networks
from gan.training.sampling import sample_columns
from gan.training.teacher import Teacher


class DistillTrainer:
    """Trains a generator to imitate a frozen one."""

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        device = accelerator.device
        self.teacher = Teacher(config, device)
        fingerprints = {"distill.teacher": self.teacher.fingerprint}
        self.perceptual: PerceptualNetwork | None = None
        if config.loss.perceptual:
            self.perceptual = main_first(accelerator, lambda: PerceptualNetwork(config, device))
            fingerprints["perceptual.weights"] = self.perceptual.fingerprint
        self.frame = build_frame(
            config,
            accelerator,
            recipe_networks(config, ["gen_ab"]),
            {"generators": (("gen_ab",), config.optim.lr)},
            fingerprints,
        )

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """Update the generator once; return its losses and gradient norm by name."""
        gen_ab, loss = self.frame.networks["gen_ab"], self.frame.config.loss
        features: FeatureMaps = self.perceptual or (lambda _: {})
        update = Step(self.frame, step)
        for batch in update.accumulate(batches):
            (a,) = self.frame.prepare(batch)
            with torch.no_grad():
                taught = self.teacher(a)
                content = self.perceptual.content_of(features(taught)) if self.perceptual else {}
            with update.gradients([gen_ab]):
                fake_b = gen_ab(a)
                terms = appearance_terms("ab", fake_b, content, {}, features)
                terms["pixel", "ab"] = partial(l1_loss, fake_b, taught)
                losses = weighted(terms, loss)
                update.minimize(total(losses), losses)
        return update.apply()

    def translations(self, real: Mapping[Domain, Tensor]) -> tuple[Network, Network | None]:
        """Return the generator, which translates photographs, and None for B to A."""
        return self.frame.generators["ab"], None

    def sample(self, real: Mapping[Domain, Tensor]) -> dict[str, list[Tensor]]:
        """Return the columns of the sample grid: photographs, and both networks' translations."""
        photographs, ours = sample_columns(self.frame.generators["ab"], None, real["a"])
        return {"ab": [photographs, self.teacher(photographs), ours]}
