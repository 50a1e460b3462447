"""The recipe for one style: the generator gives every photograph the style of one painting.

Johnson et al. 2016, "Perceptual losses for real-time style transfer and super-resolution": their
losses, with a generator of CycleGAN. gen_ab minimizes, over the photographs a,

    perceptual * |f(fake_b) - f(a)|^2 + style * |G(fake_b) - G_painting|^2 + tv * TV(fake_b)

in the notation of gan/training/objective.py.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from accelerate import Accelerator
from torch import Tensor

from gan.config import Config
from gan.config.choices import Channels
from gan.domains import Domain
from gan.images import read_image, resize_short
from gan.images.pixels import from_image, to_unit
from gan.losses import steadiness_loss
from gan.system.hashing import file_sha256
from gan.training.accelerator import main_first
from gan.training.objective import Network, appearance_terms, weighted
from gan.training.optimization import total
from gan.training.perceptual import PerceptualNetwork
from gan.training.recipes.base import Batch, Step, build_frame, recipe_networks
from gan.training.sampling import sample_columns


class SingleStyleTrainer:
    """Trains a generator with the Gram matrices of one painting."""

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        path, device = config.style.image, accelerator.device
        assert path is not None, "the configuration has been checked"
        painting = read_painting(path, config.style.size, config.data.channels_b)
        self.perceptual = main_first(accelerator, lambda: PerceptualNetwork(config, device))
        self.gram = self.perceptual.style_of(self.perceptual(painting.to(device)))
        self.frame = build_frame(
            config,
            accelerator,
            recipe_networks(config, ["gen_ab"]),
            {"generators": (("gen_ab",), config.optim.lr)},
            {
                "perceptual.weights": self.perceptual.fingerprint,
                "style.image": file_sha256(path)[:16],
            },
        )

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """Update the generator once; return its losses and gradient norm by name."""
        gen_ab, loss = self.frame.networks["gen_ab"], self.frame.config.loss
        update = Step(self.frame, step)
        for batch in update.accumulate(batches):
            (a,) = images = self.frame.prepare(batch)
            (photograph,) = self.frame.inputs(batch, images)
            content = self.perceptual.content_targets(a)
            with update.gradients([gen_ab]):
                fake_b = gen_ab(photograph)
                terms = appearance_terms("ab", fake_b, content, self.gram, self.perceptual)
                losses = weighted(terms, loss)
                if loss.steadiness:
                    unsteady = steadiness_loss(gen_ab, photograph, fake_b)
                    losses["steadiness_ab"] = loss.steadiness * unsteady
                update.minimize(total(losses), losses)
        return update.apply()

    def translations(self, real: Mapping[Domain, Tensor]) -> tuple[Network, Network | None]:
        """Return the generator, which translates photographs, and None for B to A."""
        return self.frame.generators["ab"], None

    def sample(self, real: Mapping[Domain, Tensor]) -> dict[str, list[Tensor]]:
        """Return the columns of the sample grid: photographs, translations."""
        return {"ab": sample_columns(self.frame.generators["ab"], None, real["a"])}


def read_painting(
    path: Path, size: int | None, channels: Channels, key: str = "style.image"
) -> Tensor:
    """Return a painting, (1, C, H, W) in [-1, 1], its shorter side scaled to `size` pixels.

    If `size` is None, it is not scaled. ValueError, with `key` and the file, if it cannot be read.
    """
    try:
        image = read_image(path, channels=channels)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error
    return to_unit(from_image(image if size is None else resize_short(image, size))[None])
