"""The loss that is minimized over the picture x (Gatys, Ecker and Bethge 2016, Eq. 1 to 7).

    total(x) = alpha content(x) + beta style(x) + gamma tv(x)

    content(x) = mean_l  u_l sum (F_l - P_l)^2 / 2                   of the content layers l
    style(x)   = sum_r v_r mean_l  w_lr |G_lr - A_lr|^2 / (4 C_l^2)  of styles r and style layers l
    tv(x)      = mean sqrt(dx^2 + dy^2)

F are the picture's feature maps and P the photograph's. G are the picture's Gram matrices per
position, and A the desired ones. The papers do not fix the weights u and w. Here a picture whose
features are all zero has content 1 and, in every layer, style 1: u_l = 2 / sum P_l^2 and
w_lr = 4 C_l^2 / |A_lr|^2. Then alpha, beta and gamma mean the same for every network and size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from gan.losses import gram, total_variation

Maps = Mapping[str, Tensor]
Sums = dict[tuple[str, str], Tensor]
"""Sums over the positions of a picture's feature maps, by (term, layer); see `sums`."""
TINY = 1e-12
"""Smallest divisor, so that terms stay finite."""


@dataclass(frozen=True)
class Weights:
    """The weights alpha, beta and gamma of the terms."""

    content: float
    style: float
    tv: float


@dataclass(frozen=True)
class Target:
    """The desired Gram matrices, and the sums over the whole picture that the terms divide by."""

    grams: Maps
    """A by style layer, (R, C, C): one for each style."""
    scales: Sums
    """("energy", layer): sum P^2. ("mass", layer): sum of the squared guides, (R, 1, 1)."""
    shares: Sequence[float]
    """Weights v of the styles."""


class Terms(NamedTuple):
    """The terms before their weights, and their weighted sum; scalars."""

    content: Tensor
    style: Tensor
    tv: Tensor
    total: Tensor

    def numbers(self) -> dict[str, float]:
        """Return the terms as numbers, by name; this waits for the device."""
        return {name: term.item() for name, term in self._asdict().items()}


def sums(maps: Maps, content: Maps, guides: Maps) -> Sums:
    """Return squared distances to P by content layer, and masked Gram matrices by style layer.

    The keys are ("content", layer), with a scalar, and ("style", layer), with the Gram matrices
    (R, C, C), not divided by the positions. `content` is P; `guides` are the masks of the styles,
    (R, 1, h, w). If all three cover the same tile of a picture, the results of its tiles add up to
    that of the picture.
    """
    errors = {("content", at): (maps[at] - wanted).square().sum() for at, wanted in content.items()}
    # Gatys et al. 2017, "Controlling perceptual factors", Eq. 3: maps are multiplied by a mask.
    return errors | {("style", at): gram(maps[at] * guide) for at, guide in guides.items()}


def equation(parts: Sums, picture: Tensor, target: Target, weights: Weights) -> Terms:
    """Return the terms and total(x) = alpha content(x) + beta style(x) + gamma tv(x)."""
    errors, grams = (
        {at: value for (term, at), value in parts.items() if term == name}
        for name in ("content", "style")
    )
    content = torch.stack([
        error / target.scales["energy", at].clamp_min(TINY) for at, error in errors.items()
    ]).mean()  # fmt: skip
    shares = picture.new_tensor(target.shares)
    style = torch.stack([
        shares @ _relative(each / target.scales["mass", at], target.grams[at])
        for at, each in grams.items()
    ]).mean()  # fmt: skip
    tv = total_variation(picture)
    total = weights.content * content + weights.style * style + weights.tv * tv
    return Terms(content, style, tv, total)


def _relative(actual: Tensor, wanted: Tensor) -> Tensor:
    """Return |G - A|^2 / |A|^2 of each style, (R,)."""
    squares = wanted.square().sum(dim=(1, 2))
    return (actual - wanted).square().sum(dim=(1, 2)) / squares.clamp_min(TINY)
