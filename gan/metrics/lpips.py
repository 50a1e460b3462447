"""LPIPS (Zhang et al. 2018) with its published weights, on AlexNet and on VGG-16."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import torch
from torch import Tensor

from gan.features import Features
from gan.metrics.batch import Batch
from gan.metrics.inception import cached
from gan.metrics.maps import layer_distance, unit_squares
from gan.metrics.pictures import has_torchmetrics

Lpips = Callable[[Tensor, Tensor], Tensor]
"""Distances (N,) of two batches (N, 3 or 1, H, W) in [-1, 1], sides of at least 64 pixels."""


@dataclass(frozen=True)
class Backbone:
    """A network whose maps LPIPS compares, and its files."""

    heads: str
    """torchmetrics' file of LPIPS weights: a weight for each channel of each layer."""
    cached: str
    """torchvision's file of convolutions, in torch's cache."""
    layers: tuple[str, ...]


BACKBONES = {
    "alexnet": Backbone(
        "alex.pth",
        "alexnet-owt-7be5be79.pth",
        ("features.1", "features.4", "features.7", "features.9", "features.11"),
    ),
    "vgg16": Backbone(
        "vgg.pth", "vgg16-397923af.pth", ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
    ),
}


def lpips(batch: Batch) -> Tensor:
    """Return the distances (N,) of translations from their truth.

    The distance is LPIPS on AlexNet with published weights if available, else `layer_distance` on
    the extractor.
    """
    if "alexnet" in batch.lpips:
        return batch.lpips["alexnet"](batch.fake.pixels, batch.truth.pixels)
    return layer_distance(batch.fake.style, batch.truth.style)


def lpips_vgg(batch: Batch) -> Tensor:
    """Return the LPIPS distances (N,) of translations from their truth, on VGG-16."""
    return batch.lpips["vgg16"](batch.fake.pixels, batch.truth.pixels)


def open_lpips(weights: Mapping[str, Path | None], device: torch.device) -> dict[str, Lpips]:
    """Return LPIPS by backbone, for backbones whose convolutions are given or in torch's cache.

    `weights` maps names of backbones to files, or to None for torch's cache. A file holds
    torchvision's whole classifier, or its `features` only. The result is empty without
    torchmetrics, which has the published weights. ValueError if a file does not fit its backbone.
    """
    if not has_torchmetrics():
        return {}
    found = {name: weights.get(name) or cached(of.cached) for name, of in BACKBONES.items()}
    return {
        name: _open(name, file, device)
        for name, file in found.items()
        if weights.get(name) or file.exists()
    }


def _open(backbone: str, file: Path, device: torch.device) -> Lpips:
    """Return LPIPS on one backbone; ValueError if the file does not fit it."""
    of = BACKBONES[backbone]
    network = Features(backbone, of.layers, file).to(device)
    published = files("torchmetrics.functional.image") / "lpips_models" / of.heads
    with published.open("rb") as opened:
        heads = list(torch.load(opened, map_location=device, weights_only=True).values())

    def distances(x: Tensor, y: Tensor) -> Tensor:
        """Return Eq. 1 of the paper, (N,): 0 for equal images; gray is repeated to 3 channels."""
        apart = unit_squares(network(x), network(y))
        layers = [
            (head * apart[at]).sum(1).flatten(1).mean(1)
            for head, at in zip(heads, of.layers, strict=True)
        ]
        return torch.stack(layers).sum(0)

    return distances
