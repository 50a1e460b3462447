"""Find where a picture looks like B rather than A to a discriminator, by a linear probe.

A discriminator of B is trained to separate real pictures of B from translations. Late in training
it hardly does, so its scores show little. But its feature maps still separate paintings from
photographs. A linear classifier on these maps (Alain and Bengio 2016), fitted to a few training
pictures, shows where a picture looks like B.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

SHRINKAGE = 0.01
"""Share of the identity, times the mean variance, in the shrunken covariance. It is large because
neighboring patches are nearly equal, so there are fewer independent samples than patches."""

Maps = list[Tensor]
"""Feature maps (C, h, w), one per scale."""


@dataclass(frozen=True)
class Probe:
    """A linear classifier for each scale: B if weights . features is above the offset."""

    weights: Sequence[Tensor]
    """(C,) each, scaled so that the classes' common standard deviation is 1."""
    offsets: Sequence[float]

    def heat(self, maps: Maps, size: tuple[int, int]) -> NDArray[np.float64]:
        """Return a map (H, W) of standard deviations towards B, averaged over the scales."""
        total = np.zeros(size)
        for weight, offset, features in zip(self.weights, self.offsets, maps, strict=True):
            values = torch.einsum("c,chw->hw", weight, features.double()) - offset
            large = functional.interpolate(values[None, None], size, mode="bilinear")
            total += large[0, 0].numpy() / len(maps)
        return total


def feature_maps(network: nn.Module) -> Callable[[Tensor], Maps]:
    """Return a function that computes a discriminator's feature maps of a picture (1, C, H, W).

    They are the inputs of the convolutions with one output channel, which make the scores.
    """
    ends = [
        each for each in network.modules() if isinstance(each, nn.Conv2d) and each.out_channels == 1
    ]

    @torch.inference_mode()
    def maps(unit: Tensor) -> Maps:
        found: Maps = []

        def keep(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            found.append(inputs[0][0].float().cpu().clone())

        handles = [end.register_forward_pre_hook(keep) for end in ends]
        try:
            network(unit)
        finally:
            for handle in handles:
                handle.remove()
        return found

    return maps


def fit_probe(
    maps: Callable[[Tensor], Maps], domain_a: Sequence[Tensor], domain_b: Sequence[Tensor]
) -> Probe:
    """Fit a probe to pictures of both domains, (1, C, S, S) in [-1, 1], in pairs.

    The discriminator gets the pictures of a pair side by side, in alternating order. In a single
    picture, instance norm would remove the mean, and with it a difference of the domains. The
    classifier is Fisher's linear discriminant with a shrunken covariance. ValueError if the network
    has no feature maps.
    """
    classes: list[tuple[list[Tensor], list[Tensor]]] = []
    for number, (a, b) in enumerate(zip(domain_a, domain_b, strict=True)):
        swapped = number % 2
        found = maps(torch.cat([b, a] if swapped else [a, b], dim=3))
        classes = classes or [([], []) for _ in found]
        for (of_a, of_b), features in zip(classes, found, strict=True):
            left, right = _halves(features)
            of_a.append(right if swapped else left)
            of_b.append(left if swapped else right)
    if not classes:
        raise ValueError("the discriminator has no convolution with one output channel")
    weights, offsets = zip(
        *(discriminant(torch.cat(a, 1), torch.cat(b, 1)) for a, b in classes), strict=True
    )
    return Probe(weights, offsets)


def discriminant(of_a: Tensor, of_b: Tensor) -> tuple[Tensor, float]:
    """Return Fisher's weights (C,) and offset for samples (C, N) of two classes.

    The weights are scaled so that the classes' common standard deviation is 1; the offset is the
    middle between the classes' means.
    """
    of_a, of_b = of_a.double(), of_b.double()
    mean_a, mean_b = of_a.mean(1), of_b.mean(1)
    common = (torch.cov(of_a, correction=0) + torch.cov(of_b, correction=0)) / 2
    common = common.reshape(len(mean_a), len(mean_a))
    size = common.diagonal().mean()
    shrunken = (1 - SHRINKAGE) * common + SHRINKAGE * size * torch.eye(len(mean_a)).double()
    weights = torch.linalg.solve(shrunken, mean_b - mean_a) if size > 0 else mean_a * 0
    spread = float((weights @ shrunken @ weights).sqrt())
    weights = weights / spread if spread > 0 else weights
    return weights, float(weights @ (mean_a + mean_b) / 2)


def heat_between(
    probe: Probe, maps: Callable[[Tensor], Maps], unit: Tensor, a: Tensor, b: Tensor
) -> NDArray[np.float64]:
    """Return the heat map (H, W) of a picture `unit` placed between one of A and one of B.

    The discriminator's norms then see both domains. All pictures are (1, C, S, W), of any width W.
    """
    strip = torch.cat([a, unit, b], dim=3)
    heat = probe.heat(maps(strip), (strip.shape[2], strip.shape[3]))
    left = a.shape[3]
    return heat[:, left : left + unit.shape[3]]


def _halves(features: Tensor) -> tuple[Tensor, Tensor]:
    """Return both halves (C, N) of feature maps (C, h, w), without the columns between them."""
    middle = features.shape[2] // 2
    left, right = features[:, :, : middle - 1], features[:, :, middle + 2 :]
    return left.flatten(1), right.flatten(1)
