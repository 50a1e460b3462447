"""The frozen extractor against torchvision's own networks; frozen, with exact node names."""

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.feature_extraction import get_graph_node_names

from gan.features import TABLES, Features
from tests.support.backbone import random_blocks

SMALL: dict[str, dict[str, bool]] = {
    "mobilenet_v2": {},
    "resnet18": {},
    "shufflenet_v2_x0_5": {},
    "regnet_y_400mf": {},
} | {"googlenet": {"transform_input": True, "init_weights": False}}


@pytest.fixture(scope="module")
def mobilenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mobilenet") / "random.pth"
    torch.save(random_blocks().state_dict(), path)
    return path


def pictures(side: int = 64, channels: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(2, channels, side, side, generator=generator) * 2 - 1


def modules_outputs(network: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """What the module of each node returned at its first call, copied before it could change."""
    outputs: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            outputs.setdefault(name, output.clone())

        return hook

    nodes = get_graph_node_names(network, suppress_diff_warning=True)[1]
    for name, module in network.named_modules():
        if name in nodes:
            module.register_forward_hook(keep(name))
    mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 1, 3, 1, 1)
    network((images / 2 + 0.5 - mean) / std)
    return outputs


@pytest.mark.parametrize("name", SMALL)
@torch.no_grad()
def test_every_node_returns_what_its_module_returned(name: str, tmp_path: Path) -> None:
    """Even if a later operation works in place: ReLU modules (MobileNet, ResNet), functions
    (GoogLeNet), sums (ResNet)."""
    network = random_blocks(name=name, **SMALL[name])
    path = tmp_path / "weights.pth"
    torch.save(network.state_dict(), path)
    expected = modules_outputs(network, pictures())
    actual = Features(name, list(expected), path)(pictures())
    assert len(actual) > 50
    for layer, output in expected.items():
        torch.testing.assert_close(actual[layer], output, msg=partial("{}: {}".format, layer))


def test_only_layers_up_to_the_deepest_are_kept(mobilenet: Path) -> None:
    features = Features("mobilenet_v2", ["features.3", "features.1"], mobilenet)
    kept = {name.rsplit(".", 1)[0] for name, _ in features.network.named_parameters()}
    assert {name[: len("features.0")] for name in kept} == {f"features.{n}" for n in range(4)}
    assert not any(tensor.is_meta for tensor in [*features.parameters(), *features.buffers()])


def test_nothing_is_trained_and_gradients_reach_the_images(mobilenet: Path) -> None:
    features = Features("mobilenet_v2", TABLES["mobilenet_v2"].style, mobilenet)
    before = {name: tensor.clone() for name, tensor in features.state_dict().items()}
    nn.Sequential(features).train()
    assert not any(module.training for module in features.modules())
    images = pictures().requires_grad_()
    for features_map in features(images).values():
        (gradient,) = torch.autograd.grad(features_map.square().sum(), images, retain_graph=True)
        assert gradient.isfinite().all()
        assert (gradient != 0).float().mean() > 0.9
    assert not any(parameter.requires_grad for parameter in features.parameters())
    after = features.state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())


def test_gradient_is_that_of_the_network_in_float64(mobilenet: Path) -> None:
    """In a random direction, by a central difference: its error is quadratic in the step."""
    features = Features("mobilenet_v2", ["features.3"], mobilenet).double()
    images, direction = pictures(16).double().requires_grad_(), torch.randn(2, 3, 16, 16).double()

    def value(at: Tensor) -> Tensor:
        total: Tensor = features(at)["features.3"].square().sum()
        return total

    (gradient,) = torch.autograd.grad(value(images), images)
    with torch.no_grad():
        slope = (value(images + 1e-6 * direction) - value(images - 1e-6 * direction)) / 2e-6
    torch.testing.assert_close((gradient * direction).sum(), slope, rtol=1e-4, atol=0)


@torch.no_grad()
def test_gray_counts_as_three_equal_channels(mobilenet: Path) -> None:
    features = Features("mobilenet_v2", ["features.3"], mobilenet)
    gray = pictures(channels=1)
    expected = features(gray.repeat(1, 3, 1, 1))["features.3"]
    assert torch.equal(features(gray)["features.3"], expected)


@torch.no_grad()
def test_autocast_computes_in_half_precision_and_returns_float32(mobilenet: Path) -> None:
    features = Features("mobilenet_v2", ["features.3"], mobilenet)
    exact = features(pictures())["features.3"]
    with torch.autocast("cpu", torch.bfloat16):
        rough = features(pictures())["features.3"]
    assert rough.dtype == torch.float32
    assert not torch.equal(rough, exact)
    # bfloat16 keeps 8 bits, and every one of some ten convolutions and norms rounds to them
    assert (rough - exact).norm() < 10 * 2**-8 * exact.norm()


def test_building_draws_no_random_numbers(mobilenet: Path) -> None:
    state = torch.random.get_rng_state()
    Features("mobilenet_v2", ["features.3"], mobilenet)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(("backbone", "layers", "message"), [
    ("mobilenet", ["features.1"], "perceptual.backbone: mobilenet is not one of alexnet, "),
    ("mobilenet_v2", [], "no layers of mobilenet_v2 are named"),
    ("mobilenet_v2", ["features.1", "conv1_1"],
        "mobilenet_v2: node: 'conv1_1' is not present in model. It has features, classifier and"),
    ("mobilenet_v2", ["features.1", "features.1.conv.2"],
        "mobilenet_v2: features.1.conv.2 is inside features.1: name only one of them"),
    ("vgg19", ["conv4_5"],
        "vgg19: node: 'conv4_5' is not present in model. It has relu1_1, conv1_1, "),
])  # fmt: skip
def test_wrong_names_are_rejected(backbone: str, layers: list[str], message: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        Features(backbone, layers, Path("not reached"))
