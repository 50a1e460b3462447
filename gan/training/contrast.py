"""What the contrastive recipe compares: features of translations and of their originals.

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
"""Projects features (N, S, C) of each feature map to vectors of length 1."""


@dataclass(frozen=True)
class Patches:
    """Projected features of translations and of their originals, for each feature map."""

    queries: Sequence[Tensor]
    """Of the translations, (N, S, size)."""
    keys: Sequence[Tensor]
    """Of the originals, at the same positions, without a gradient."""


@dataclass(frozen=True)
class Contrast:
    """Translations of A, and what is compared of them and of the identity outputs."""

    fake: Tensor
    translation: Patches
    identity: Patches | None
    """Of images of B and of what the generator makes of them; None without loss.nce_identity."""


def draw_positions(maps: Sequence[FeatureMap], like: Tensor, count: int) -> list[Tensor]:
    """Draw different positions of each feature map of images like (N, C, H, W).

    They are the same for all images: numbers in rows, (count,), or all where there are fewer.
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
) -> Contrast:
    """Translate images (N, C, H, W) in [-1, 1] and, for the identity, those of the target domain.

    A pass translates and gives the originals' features; a second one encodes the translations.
    """
    originals = [real, target] if loss.nce_identity else [real]
    outputs = passes(partial(generator, positions=positions), *originals)
    fakes = [fake for fake, *_ in outputs]
    encode = partial(generator, positions=positions, encode_only=True)
    queries = [heads(features) for features in passes(encode, *fakes)]
    with torch.no_grad():
        keys = [heads(features) for _, *features in outputs]
    patches = list(map(Patches, queries, keys))
    return Contrast(fakes[0], patches[0], patches[1] if loss.nce_identity else None)


def nce(patches: Patches, temperature: float) -> Tensor:
    """Return the contrastive loss, the mean over the feature maps."""
    pairs = zip(patches.queries, patches.keys, strict=True)
    return torch.stack([patch_nce(query, key, temperature) for query, key in pairs]).mean()


def contrastive_losses(
    made: Contrast, target: Tensor, disc: Discriminator, loss: LossConfig
) -> dict[str, Tensor]:
    """Return the weighted terms that the generator and the heads minimize, by name.

    With the identity each half has half of the weight, as in the authors' code.
    """
    share = loss.nce / (1 if made.identity is None else 2)
    losses = {
        "adversarial_ab": adversarial_loss(disc, made.fake, target, loss),
        "nce_ab": share * nce(made.translation, loss.nce_temperature),
    }
    if made.identity is not None:
        losses["nce_identity_b"] = share * nce(made.identity, loss.nce_temperature)
    return losses | weighted(appearance_terms("ab", made.fake, {}, {}, lambda _: {}), loss)
