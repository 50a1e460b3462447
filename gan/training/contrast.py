"""The contrastive objective: features of translations compared with those of their originals.

Pure functions, as in objective.py: the networks are any callables.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gan.config import LossConfig
from gan.losses import patch_nce
from gan.networks.resnet import FeatureMap
from gan.training.objective import (
    Discriminator,
    Passes,
    adversarial_loss,
    appearance_terms,
    one_by_one,
    weighted,
)

Heads = Callable[[Sequence[Tensor]], Sequence[Tensor]]
"""Projects the features (N, S, C) of each feature map to vectors of length 1."""


@dataclass(frozen=True)
class Patches:
    """Projected features of translations and of their originals, for each feature map."""

    queries: Sequence[Tensor]
    """Features of the translations, (N, S, size)."""
    keys: Sequence[Tensor]
    """Features of the originals at the same positions, without a gradient."""


@dataclass(frozen=True)
class Contrast:
    """Translations of A, with the features that the losses compare."""

    fake: Tensor
    translation: Patches
    """Features of `fake` and of its originals."""
    identity: Patches | None
    """Features of identity outputs and of their originals in B; None without loss.nce_identity."""


def draw_positions(maps: Sequence[FeatureMap], like: Tensor, count: int) -> list[Tensor]:
    """Return random distinct positions in each feature map, for images of the size of `like`.

    `like` is (N, C, H, W). Positions are indices in row-major order: a tensor (count,) for each
    map, shorter if it has fewer positions. All images share them.
    """
    height, width = like.shape[-2:]
    sizes = [(height // at.stride) * (width // at.stride) for at in maps]
    return [torch.randperm(size, device=like.device)[:count] for size in sizes]


def contrast(
    generator: Callable[..., Any],
    heads: Heads,
    real: Tensor,
    target: Tensor,
    positions: Sequence[Tensor],
    loss: LossConfig,
    passes: Passes = one_by_one,
    inputs: Sequence[Tensor] = (),
) -> Contrast:
    """Translate `real`; return the translations, and the features to compare.

    real and target are (N, C, H, W) in [-1, 1]. With loss.nce_identity, `target` (images of the
    target domain) is translated too. `positions` are those of draw_positions. One pass gives
    translations and features of the inputs; a second one encodes the translations. With
    data.degrade, `inputs` are degraded copies of real and target; they are translated instead, and
    a third pass encodes the originals.
    """
    originals = [real, target] if loss.nce_identity else [real]
    sources = inputs[: len(originals)] or originals
    outputs = passes(partial(generator, positions=positions), *sources)
    fakes = [fake for fake, *_ in outputs]
    encode = partial(generator, positions=positions, encode_only=True)
    queries = [heads(features) for features in passes(encode, *fakes)]
    with torch.no_grad():
        encoded = passes(encode, *originals) if inputs else [own for _, *own in outputs]
        keys = [heads(features) for features in encoded]
    patches = list(map(Patches, queries, keys))
    return Contrast(fakes[0], patches[0], patches[1] if loss.nce_identity else None)


def nce(patches: Patches, temperature: float) -> Tensor:
    """Return the contrastive loss, averaged over the feature maps."""
    pairs = zip(patches.queries, patches.keys, strict=True)
    return torch.stack([patch_nce(query, key, temperature) for query, key in pairs]).mean()


def contrastive_losses(
    made: Contrast, target: Tensor, disc: Discriminator, loss: LossConfig
) -> dict[str, Tensor]:
    """Return the weighted terms that the generator and the heads minimize, by name.

    target are real images of B. With loss.nce_identity, each of the two contrastive terms has the
    weight loss.nce / 2, as in the authors' code.
    """
    share = loss.nce / (1 if made.identity is None else 2)
    losses = {
        "adversarial_ab": adversarial_loss(disc, made.fake, target, loss),
        "nce_ab": share * nce(made.translation, loss.nce_temperature),
    }
    if made.identity is not None:
        losses["nce_identity_b"] = share * nce(made.identity, loss.nce_temperature)
    return losses | weighted(appearance_terms("ab", made.fake, {}, {}, lambda _: {}), loss)
