"""The recipe of a decoder of VGG-16's feature maps, for `gan stylize --method wct`.

Li et al. 2017, "Universal style transfer via feature transforms", Sec. 3.1. The decoder in gen_ab
minimizes, over the photographs a and the levels from which it decodes,

    pixel * |x - a|^2 + perceptual * mean_l |f_l(x) - f_l(a)|^2 / |f_l(a)|^2

                      + perceptual * mean_l |g_l    - f_l(a)|^2 / |f_l(a)|^2

f_l are the feature maps of level l, x is the picture that is decoded from the photograph's maps of
one level, and g_l are the maps that the decoder's stages return between. The first two terms are
the paper's Eq. 1, relative to what is reconstructed, so that all levels count. The third makes
every stage return a level's feature maps, so that one decoder serves all levels. Every step decodes
from the deepest level, every fourth also from one of the others, in turn; its terms are the mean of
both.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from gan.config import Config
from gan.domains import Domain
from gan.features import load_encoder
from gan.networks.vgg import Decoding
from gan.training.accelerator import main_first
from gan.training.objective import Network, Terms, weighted
from gan.training.optimization import total
from gan.training.recipes.base import Batch, Step, build_frame, recipe_networks
from gan.training.sampling import sample_columns


class DecoderTrainer:
    """Trains the decoder of a generator whose encoder is frozen."""

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        networks = recipe_networks(config, ["gen_ab"])
        gen_ab: Any = networks["gen_ab"]
        self.deepest: int = gen_ab.levels
        weights = config.perceptual.weights
        fingerprint = main_first(accelerator, lambda: load_encoder(gen_ab.encoder, weights))
        self.frame = build_frame(
            config,
            accelerator,
            networks,
            {"generators": (("gen_ab",), config.optim.lr)},
            {"perceptual.weights": fingerprint},
        )

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """Update the decoder once; return its losses and gradient norm by name."""
        gen_ab, loss = self.frame.networks["gen_ab"], self.frame.config.loss
        levels = levels_of(step, self.deepest)
        update = Step(self.frame, step)
        for batch in update.accumulate(batches):
            (a,) = self.frame.prepare(batch)
            with update.gradients([gen_ab]):
                maps, decodings = gen_ab(a, levels)
                losses = weighted(decoding_terms(a, maps, decodings), loss)
                update.minimize(total(losses), losses)
        return update.apply()

    def translations(self, real: Mapping[Domain, Tensor]) -> tuple[Network, Network | None]:
        """Return the generator, which reconstructs photographs, and None for B to A."""
        return self.frame.generators["ab"], None

    def sample(self, real: Mapping[Domain, Tensor]) -> dict[str, list[Tensor]]:
        """Return the columns of the sample grid: photographs, reconstructions."""
        return {"ab": sample_columns(self.frame.generators["ab"], None, real["a"])}


def levels_of(step: int, deepest: int) -> list[int]:
    """Return the levels from which a step, counted from 1, decodes."""
    also = step % 4 == 0 and deepest > 1
    return [deepest, 1 + (step // 4 - 1) % (deepest - 1)] if also else [deepest]


def decoding_terms(a: Tensor, maps: Sequence[Tensor], decodings: Sequence[Decoding]) -> Terms:
    """Return the unweighted terms pixel and perceptual, means over the decodings.

    maps are the feature maps of the photographs a, (N, C, H, W) in [-1, 1].
    """

    def pixel() -> Tensor:
        apart = [(each.picture.to(a) - a).square().mean() for each in decodings]
        return torch.stack(apart).mean()

    def perceptual() -> Tensor:
        apart = [_apart(each.seen, maps) for each in decodings]
        apart += [_apart(each.inner, maps) for each in decodings if each.inner]
        return torch.stack(apart).sum() / len(decodings)

    return {("pixel", "ab"): pixel, ("perceptual", "ab"): perceptual}


def _apart(found: Sequence[Tensor], maps: Sequence[Tensor]) -> Tensor:
    """Return the mean over images and found levels of |found - map|^2 / |map|^2, in float32."""
    terms = []
    for ours, theirs in zip(found, maps, strict=False):
        wide = theirs.to(torch.promote_types(theirs.dtype, torch.float32))
        wrong, size = (each.square().flatten(1).sum(1) for each in (ours.to(wide) - wide, wide))
        terms.append((wrong / size.clamp_min(1e-6)).mean())
    return torch.stack(terms).mean()
