"""VGG-16 with random weights up to relu3_1, and a decoder for it."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import vgg16

from gan.config import PerceptualConfig
from gan.features import Features
from gan.stylize.wct.decoder import Decoder, mirrored, write_decoder
from gan.stylize.wct.encoder import encoder, probe

DEPTH = 3


@pytest.fixture(scope="session")
def vgg(tmp_path_factory: pytest.TempPathFactory) -> PerceptualConfig:
    """Return a file with random weights, scaled so that features keep their size."""
    with torch.device("meta"):
        shapes = {name: each.shape for name, each in vgg16().features[:11].state_dict().items()}
    draws = torch.Generator().manual_seed(0)

    def drawn(shape: torch.Size) -> Tensor:
        values = torch.randn(shape, generator=draws)
        return values * (2 / shape[1:].numel()) ** 0.5 if len(shape) > 1 else values * 0.1

    path = tmp_path_factory.mktemp("vgg") / "random.pth"
    torch.save({f"features.{name}": drawn(shape) for name, shape in shapes.items()}, path)
    return PerceptualConfig(backbone="vgg16", weights=path)


@pytest.fixture(scope="session")
def features(vgg: PerceptualConfig) -> Features:
    return encoder(vgg, range(1, DEPTH + 1))


@pytest.fixture(scope="session")
def decoder() -> Decoder:
    """Return a decoder with random weights, whose pictures use the whole range."""
    result = Decoder(mirrored("vgg16", DEPTH)).requires_grad_(False).eval()
    draws = torch.Generator().manual_seed(1)
    for name, weights in result.named_parameters():
        scale = 0.3 if name.startswith("stages.0.") else 1.0
        if name.endswith("weight"):
            nn.init.kaiming_normal_(weights, generator=draws)
            weights.mul_(scale)
        else:
            weights.zero_()
    return result


@pytest.fixture(scope="session")
def decoder_file(
    features: Features, decoder: Decoder, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("decoder") / "decoder.safetensors"
    probes = [probe(features, level) for level in range(1, DEPTH + 1)]
    write_decoder(path, decoder, "vgg16", probes, {"steps": 0})
    return path
