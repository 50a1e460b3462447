"""The recipe for one style: a generator that gives every photograph one painting's style.

Johnson et al. 2016, "Perceptual losses for real-time style transfer and super-resolution": their
losses, with a generator of the CycleGAN kind, so that what comes out is used like any other. gen_ab
minimizes, over the photographs a,

    perceptual * |f(fake_b) - f(a)|^2 + style * |G(fake_b) - G_painting|^2 + tv * TV(fake_b)

in the words of gan/training/objective.py.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from torch import Tensor, nn

from gan.config import Config
from gan.config.choices import Channels
from gan.domains import Domain
from gan.images import read_image, resize_short
from gan.images.pixels import from_image, to_unit
from gan.networks.assembly import build_generator_ab
from gan.networks.resnet import recompute_blocks
from gan.system.hashing import file_sha256
from gan.training.accelerator import distribute, gradients_agree, main_first, share_statistics
from gan.training.initial_weights import begin
from gan.training.objective import Network, appearance_terms, weighted
from gan.training.optimization import Updates, mean, reseed, total
from gan.training.perceptual import PerceptualNetwork
from gan.training.sampling import sample_columns

Batch = Sequence[Tensor]
"""(a,): uint8 photographs, (N, C, H, W)."""


class StyleTrainer:
    """A generator, the painting's Gram matrices, and the step in which the one learns the other."""

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        self.config, self.accelerator = config, accelerator
        path = config.style.image
        assert path is not None, "the configuration asks for this recipe by naming a painting"
        painting = read_painting(path, config.style.size, config.data.channels_b)
        device = accelerator.device
        self.eye = main_first(accelerator, lambda: PerceptualNetwork(config, device))
        self.gram = self.eye.style_of(self.eye(painting.to(device)))
        self.fingerprints = {
            "perceptual.weights": self.eye.fingerprint,
            "style.image": file_sha256(path)[:16],
        }
        data = config.data
        generator = build_generator_ab(
            config.networks, data.channels_a, data.channels_b, seed=config.run.seed
        )
        begin(config, {"gen_ab": generator}, main=accelerator.is_main_process)
        if config.train.recompute:
            recompute_blocks([generator])
        self.bare = (share_statistics(generator, accelerator),)
        self.network = distribute(
            self.bare[0], accelerator, channels_last=config.train.channels_last
        )
        self.updates = Updates(config, device, self.bare)

    @property
    def generators(self) -> tuple[nn.Module, ...]:
        """The generator for use: the averaged one where averaging is on."""
        return self.updates.for_use

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """One update of the generator; its losses and gradient norm by name.

        batches are accumulated: their gradients are averaged. All randomness comes from (run.seed,
        process, step).
        """
        reseed(self.config.run.seed, self.accelerator.process_index, step)
        statistics, records = self.updates.statistics(), []
        for number, (photographs,) in enumerate(batches, start=1):
            a = to_unit(photographs.to(self.accelerator.device, non_blocking=True))
            content = self.eye.content_of(self.eye(a)) if self.eye.content else {}
            with gradients_agree(self.accelerator, [self.network], when=number == len(batches)):
                fake_b = self.network(a)
                terms = appearance_terms("ab", fake_b, content, self.gram, self.eye)
                losses = weighted(terms, self.config.loss)
                self.updates.scaler.scale(total(losses) / len(batches)).backward()
            records.append(losses)
        return mean(records) | self.updates.apply(step, statistics)

    def ways(self, real: Mapping[Domain, Tensor]) -> tuple[Network, Network | None]:
        """The translation of photographs, for use; there is none back."""
        return self.generators[0], None

    def sample(self, real: Mapping[Domain, Tensor]) -> dict[str, list[Tensor]]:
        """What the samples show: photographs, translations."""
        return {"ab": sample_columns(self.generators[0], None, real["a"])}

    def state(self) -> dict[str, Any]:
        """What all processes share and resuming needs."""
        return self.updates.state()

    def own_state(self) -> dict[str, Any]:
        """What each process has for itself: nothing."""
        return {}

    def restore(self, state: dict[str, Any], own_state: dict[str, Any]) -> None:
        """Go on from what state() and own_state() gave."""
        self.updates.restore(state)


def read_painting(path: Path, size: int | None, channels: Channels) -> Tensor:
    """style.image as (1, C, H, W) in [-1, 1], scaled; ValueError names the key and the file."""
    try:
        image = read_image(path, channels=channels)
    except ValueError as error:
        raise ValueError(f"style.image: {error}") from error
    return to_unit(from_image(image if size is None else resize_short(image, size))[None])
