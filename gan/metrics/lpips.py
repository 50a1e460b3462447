"""LPIPS (Zhang et al. 2018) with the published weights, where its backbone's file is there."""

from pathlib import Path

import torch
from torch import Tensor, nn

from gan.metrics.batch import Batch
from gan.metrics.maps import layer_distance
from gan.metrics.pictures import has_torchmetrics

BACKBONE = "alexnet-owt-7be5be79.pth"
"""torchvision's AlexNet; torchmetrics has only the weights on top of it."""


class Lpips:
    """LPIPS as a function of pictures (N, 3 or 1, H, W) in [-1, 1]."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """(N,): 0 is the same picture; grey is repeated. Sides of 64 pixels or more."""
        wide = (len(x), 3, *x.shape[2:])
        distances: Tensor = self.network(x.expand(wide), y.expand(wide))
        return distances.reshape(len(x))


def lpips(batch: Batch) -> Tensor:
    """Return the distances of translations from their truth: published ones, or in that style."""
    if batch.lpips:
        return batch.lpips(batch.fake.pixels, batch.truth.pixels)
    return layer_distance(batch.fake.style, batch.truth.style)


def open_lpips(device: torch.device) -> Lpips | None:
    """torchmetrics' LPIPS on AlexNet; None without torchmetrics or the backbone's file."""
    if not has_torchmetrics() or not backbone_file().exists():
        return None
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

    with torch.random.fork_rng(devices=[]):  # it draws weights before it loads them
        # The network alone: the metric around it would talk to other processes.
        network = LearnedPerceptualImagePatchSimilarity("alex").net
    return Lpips(network.to(device).eval())


def backbone_file() -> Path:
    """Where torchvision keeps it."""
    return Path(torch.hub.get_dir()) / "checkpoints" / BACKBONE
