"""Extractors: pooled features as torchvision computes them, and errors in one line."""

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
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
def test_errors_are_one_line(name: str, expected: str, weights: Path) -> None:
    with pytest.raises(ValueError, match=expected) as error:
        open_extractor(name, weights, CPU)
    assert "\n" not in str(error.value)


def test_the_error_for_missing_inception_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=r"pip install|copy torch-fidelity's file"):
        open_extractor("inception", tmp_path / "nothing.pth", CPU)
    monkeypatch.setattr("gan.metrics.inception.find_spec", lambda _: object())
    with pytest.raises(ValueError, match=r"nothing.pth is missing: copy weights-inception"):
        open_extractor("inception", tmp_path / "nothing.pth", CPU)


class Stem(nn.Module):
    """A stub with Inception's names: its features are the means of its input."""

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


def test_inceptions_maps_are_returned_with_its_features() -> None:
    network = Inception(Stem())
    maps = network(torch.zeros(2, 1, 8, 8))
    assert set(maps) == {"pooled", *STYLE}
    assert maps["pooled"].shape == (2, 3, 1, 1)
    assert maps["Mixed_6e"].shape == (2, 3, 8, 8)
    assert not network.maps


def test_lpips_needs_its_backbones_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert open_lpips({}, CPU) == {}


@pytest.mark.parametrize(("backbone", "name"), [("alexnet", "alex"), ("vgg16", "vgg")])
def test_lpips_equals_torchmetrics_on_the_same_convolutions(
    backbone: str, name: str, tmp_path: Path
) -> None:
    """With random convolutions from a file of features only, and the published weights."""
    from torchmetrics.functional.image.lpips import _LPIPS

    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = _LPIPS(net=name, pnet_rand=True).eval()
    trunk = theirs.net.state_dict()
    features = {f"features.{key.split('.', 1)[1]}": value for key, value in trunk.items()}
    save_file(features, tmp_path / "features.safetensors")
    before = torch.get_rng_state()
    ours = open_lpips({backbone: tmp_path / "features.safetensors"}, CPU)[backbone]
    assert torch.equal(torch.get_rng_state(), before)
    x, y = (torch.rand(2, 3, 64, 80, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    torch.testing.assert_close(ours(x, y), theirs(x, y).reshape(2), rtol=1e-4, atol=0)
    assert ours(x, x).tolist() == [0, 0]
    grey = x[:, :1]
    assert torch.equal(ours(grey, grey.flip(3)), ours(x[:, [0] * 3], x[:, [0] * 3].flip(3)))


def test_lpips_names_a_file_of_another_network(tmp_path: Path) -> None:
    file = tmp_path / "wrong.safetensors"
    save_file({"features.0.weight": torch.zeros(1)}, file)
    with pytest.raises(ValueError, match=r"wrong\.safetensors: these are not the weights of vgg16"):
        open_lpips({"vgg16": file}, CPU)
