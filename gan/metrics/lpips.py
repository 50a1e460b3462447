"""LPIPS (Zhang et al. 2018) with the published weights, where its backbone's file is there."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan.metrics.batch import Batch
from gan.metrics.inception import cached
from gan.metrics.maps import layer_distance
from gan.metrics.pictures import has_torchmetrics

BACKBONE = "alexnet-owt-7be5be79.pth"
"""torchvision's AlexNet; torchmetrics has only the weights on top of it."""
Lpips = Callable[[Tensor, Tensor], Tensor]
"""Of pictures (N, 3 or 1, H, W) in [-1, 1], sides of 64 pixels or more; returns (N,)."""


def lpips(batch: Batch) -> Tensor:
    """Return the distances of translations from their truth: published ones, or in that style."""
    if batch.lpips:
        return batch.lpips(batch.fake.pixels, batch.truth.pixels)
    return layer_distance(batch.fake.style, batch.truth.style)


def open_lpips(device: torch.device) -> Lpips | None:
    """torchmetrics' LPIPS on AlexNet; None without torchmetrics or the backbone's file."""
    if not has_torchmetrics() or not cached(BACKBONE).exists():
        return None
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

    with torch.random.fork_rng(devices=[]):  # it draws weights before it loads them
        # The network alone: the metric around it would talk to other processes.
        network = LearnedPerceptualImagePatchSimilarity("alex").net.to(device).eval()

    def distances(x: Tensor, y: Tensor) -> Tensor:
        """(N,): 0 is the same picture; grey is repeated."""
        wide = (len(x), 3, *x.shape[2:])
        found: Tensor = network(x.expand(wide), y.expand(wide))
        return found.reshape(len(x))

    return distances
