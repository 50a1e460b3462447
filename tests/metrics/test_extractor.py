"""Extractors: pooled features as torchvision computes them, and errors in one line."""

import hashlib
from pathlib import Path

import pytest
import torch
from torch import nn

from gan.metrics import open_extractor, open_lpips
from gan.metrics.extractor import deepest_layer
from gan.metrics.inception import STYLE, Inception
from tests.support import backbone

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backbone.write_network(tmp_path_factory.mktemp("weights") / "mobilenet.pth")


def test_features_are_torchvisions_average_before_the_classifier(weights: Path) -> None:
    extractor = open_extractor("mobilenet_v2", weights, CPU)
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    network = backbone.random_network()
    mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 1, 3, 1, 1)
    with torch.no_grad():
        expected = network.features((images / 2 + 0.5 - mean) / std).mean((2, 3))  # type: ignore[operator]
        features = extractor.features(extractor.maps(images))
    assert features.dtype == torch.float64
    torch.testing.assert_close(features, expected.double(), rtol=1e-4, atol=1e-5)  # float32
    assert extractor.sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()


@pytest.mark.parametrize(("name", "layer"), [
    ("mobilenet_v2", "features.18"), ("vgg19", "features.36"), ("resnet18", "layer4"),
    ("inception_v3", "Mixed_7c"), ("densenet121", "features.norm5"),
])  # fmt: skip
def test_the_deepest_map_is_the_last_before_the_classifier(name: str, layer: str) -> None:
    assert deepest_layer(name) == layer


@pytest.mark.parametrize(("name", "expected"), [
    ("mobilenet_v9", "neither inception nor a torchvision network"),
    ("vit_b_16", "vit_b_16 has no last feature map"),
    ("vgg19", "these are not the weights of vgg19"),
])  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(name: str, expected: str, weights: Path) -> None:
    with pytest.raises(ValueError, match=expected) as error:
        open_extractor(name, weights, CPU)
    assert "\n" not in str(error.value)


def test_missing_inception_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"pip install|put torch-fidelity's file"):
        open_extractor("inception", tmp_path / "nothing.pth", CPU)
    monkeypatch.setattr("gan.metrics.inception.find_spec", lambda _: object())
    with pytest.raises(ValueError, match=r"nothing.pth is missing: put torch-fidelity's file"):
        open_extractor("inception", tmp_path / "nothing.pth", CPU)


class Stem(nn.Module):
    """A stand-in with Inception's names: its features are the means of its input."""

    def __init__(self) -> None:
        super().__init__()
        for layer in STYLE:
            self.add_module(layer, nn.Identity())

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        assert pixels.dtype == torch.uint8
        assert pixels.shape[1] == 3
        values = pixels.float()
        for layer in self.children():
            values = layer(values)
        return values.mean((2, 3))


def test_inceptions_maps_are_kept_beside_its_features() -> None:
    network = Inception(Stem())
    maps = network(torch.zeros(2, 1, 8, 8))
    assert set(maps) == {"pooled", *STYLE}
    assert maps["pooled"].shape == (2, 3, 1, 1)
    assert maps["Mixed_6e"].shape == (2, 3, 8, 8)
    assert not network.maps


def test_lpips_needs_its_backbone_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert open_lpips(CPU) is None


def test_lpips_uses_torchmetrics_heads_and_draws_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a backbone of random weights: the published one is a download."""
    from torchvision import models
    from torchvision.models import AlexNet

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    file = tmp_path / "hub" / "checkpoints" / "alexnet-owt-7be5be79.pth"
    file.parent.mkdir(parents=True)
    file.touch()

    def alexnet(weights: object) -> AlexNet:
        network = AlexNet.__new__(AlexNet)
        nn.Module.__init__(network)
        widths = [(3, 64, 11, 4, 2), (64, 192, 5, 1, 2), (192, 384, 3, 1, 1), (384, 256, 3, 1, 1),
                  (256, 256, 3, 1, 1)]  # fmt: skip
        convs = [nn.Conv2d(a, b, k, stride=s, padding=p) for a, b, k, s, p in widths]
        pool = nn.MaxPool2d(3, 2)
        first, second, *others = ((conv, nn.ReLU()) for conv in convs)
        rest = [layer for pair in others for layer in pair]
        network.features = nn.Sequential(*first, pool, *second, pool, *rest, pool)
        return network

    monkeypatch.setattr(models, "alexnet", alexnet)
    before = torch.get_rng_state()
    lpips = open_lpips(CPU)
    assert torch.equal(torch.get_rng_state(), before)
    assert lpips is not None
    x, y = (torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    assert lpips(x, x).tolist() == [0, 0]
    assert (lpips(x, y) > 0).all()
    assert lpips(x[:1], y[:1]).shape == (1,)
