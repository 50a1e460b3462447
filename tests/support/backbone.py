"""A small frozen network for tests: MobileNetV2's first two blocks with random weights."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models import get_model

LAYERS = ("features.0", "features.1")


def random_blocks(seed: int = 0, name: str = "mobilenet_v2", **arguments: Any) -> nn.Module:
    """Return torchvision's network with random weights and normalization."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network: nn.Module = get_model(name, weights=None, **arguments).eval()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
                module.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
    return network


def write_backbone(path: Path, seed: int = 0) -> Path:
    """Write the weights of the two blocks to a file."""
    state = random_blocks(seed).state_dict()
    torch.save({name: state[name] for name in state if name.startswith(LAYERS)}, path)
    return path


def random_network() -> nn.Module:
    """Return the whole MobileNetV2, with norms that keep features near 1.

    With random weights only, features fall to 1e-10 in 50 layers, where distances are rounding.
    """
    network = random_blocks()
    with torch.no_grad():
        images = torch.randn(16, 3, 32, 32, generator=torch.Generator().manual_seed(0))
        for _ in range(30):
            network.train().get_submodule("features")(images)
    return network.eval()


def write_network(path: Path) -> Path:
    """Write the weights of the whole MobileNetV2 to a file."""
    torch.save(random_network().state_dict(), path)
    return path


def section(weights: Path) -> dict[str, Any]:
    """Return the section `perceptual` of a configuration for these weights."""
    return {
        "backbone": "mobilenet_v2",
        "weights": weights,
        "content_layers": ["features.1"],
        "style_layers": ["features.0", "features.1"],
    }


@torch.no_grad()
def maps(images: Tensor, seed: int = 0) -> dict[str, Tensor]:
    """Return the maps of the two blocks, computed with torchvision's modules in float64."""
    network = random_blocks(seed).double()
    mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 1, 3, 1, 1)
    block_0, block_1 = (network.get_submodule(layer) for layer in LAYERS)
    first = block_0((images.double() / 2 + 0.5 - mean) / std)
    return {"features.0": first.clone(), "features.1": block_1(first)}


def gram(maps: Tensor) -> Any:
    rows = maps.flatten(2).numpy()
    return np.einsum("nik,njk->nij", rows, rows) / rows.shape[2]
