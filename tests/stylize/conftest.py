"""A tiny random network in a file, and pictures to paint with it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models

from gan.config import PerceptualConfig
from gan.features import LayerTable

LAYERS = LayerTable(("features.2",), ("features.0", "features.1", "features.3"))


@pytest.fixture(scope="session")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> PerceptualConfig:
    """Return the first blocks of a MobileNetV2 with random weights, scaled like trained ones."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = models.mobilenet_v2(weights=None).eval()
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.data.uniform_(0.5, 1.5)
                module.bias.data.normal_(0, 0.3)
        # So that the statistics fit the weights.
        network.train()(torch.rand(4, 3, 64, 64) * 4 - 2)
    path = tmp_path_factory.mktemp("backbone") / "random.pth"
    torch.save(network.state_dict(), path)
    return PerceptualConfig(
        backbone="mobilenet_v2",
        weights=path,
        content_layers=list(LAYERS.content),
        style_layers=list(LAYERS.style),
    )


Picture = Callable[..., Path]


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """picture(name, width=48, height=32, seed=0) -> file with soft random blobs of color."""

    def write(name: str, width: int = 48, height: int = 32, seed: int = 0) -> Path:
        rng = np.random.default_rng(seed)
        blobs = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        path = tmp_path / name
        blobs.resize((width, height), Image.Resampling.BICUBIC).save(path)
        return path

    return write
