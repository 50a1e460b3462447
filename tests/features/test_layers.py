"""Layer names: those of a VGG compared with a stack of convolutions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import conv2d, max_pool2d, relu

from gan.config import PerceptualConfig
from gan.features import TABLES, Features, LayerTable, chosen_layers

CHANNELS = (64, 128, 256, 512, 512)
INDICES = {
    # of the convolutions in torchvision's files, block by block (Simonyan and Zisserman, columns
    # D and E of Table 1)
    "vgg16": ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)),
    "vgg19": ((0, 2), (5, 7), (10, 12, 14, 16), (19, 21, 23, 25), (28, 30, 32, 34)),
}


def vgg_weights(backbone: str) -> dict[str, Tensor]:
    """Random convolutions that keep the size of the numbers; half of their outputs are negative.

    All are different, so a map identifies its layer.
    """
    generator = torch.Generator().manual_seed(0)
    weights, before = {}, 3
    for channels, block in zip(CHANNELS, INDICES[backbone], strict=True):
        for index in block:
            weight = torch.randn(channels, before, 3, 3, generator=generator)
            weights[f"features.{index}.weight"] = weight * (2 / (9 * before)) ** 0.5
            weights[f"features.{index}.bias"] = torch.randn(channels, generator=generator) / 10
            before = channels
    return weights


def plain_stack(backbone: str, weights: dict[str, Tensor], images: Tensor) -> dict[str, Tensor]:
    """Every convolution's output by index, and every rectified map by block and number."""
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    x = (images / 2 + 0.5 - mean) / std
    maps = {}
    for block, indices in enumerate(INDICES[backbone], start=1):
        for number, index in enumerate(indices, start=1):
            weight, bias = (weights[f"features.{index}.{part}"] for part in ("weight", "bias"))
            maps[f"features.{index}"] = conv2d(x, weight, bias, padding=1)
            x = maps[f"{block}_{number}"] = relu(maps[f"features.{index}"])
        x = maps[f"pool{block}"] = max_pool2d(x, 2)
    return maps


@pytest.fixture(scope="module", params=["vgg16", "vgg19"])
def vgg(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path, dict[str, Tensor]]]:
    """Name, file and plain maps of a VGG; the file, without a classifier, has up to 80 MB."""
    backbone: str = request.param
    weights = vgg_weights(backbone)
    path = tmp_path_factory.mktemp("vgg") / f"{backbone}.safetensors"
    save_file(weights, path)
    yield backbone, path, plain_stack(backbone, weights, pictures())
    path.unlink()


def pictures() -> Tensor:
    return torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(1)) * 2 - 1


@torch.no_grad()
def test_every_vgg_name_gives_the_map_of_its_layer(
    vgg: tuple[str, Path, dict[str, Tensor]],
) -> None:
    """All at once: an in-place ReLU would change what an earlier node returns."""
    backbone, path, plain = vgg
    layers = [name for name in plain if name.startswith(("features", "pool"))]
    layers += [f"{kind}{name}" for kind in ("conv", "relu") for name in plain if name[0].isdigit()]
    maps = Features(backbone, layers, path)(pictures())
    assert list(maps) == layers
    for layer, actual in maps.items():
        torch.testing.assert_close(actual, plain[layer.removeprefix("conv").removeprefix("relu")])
        rectified = not layer.startswith("features")
        assert (actual.min() >= 0) == rectified, f"{layer} should be rectified: {rectified}"


@torch.no_grad()
def test_usual_layers_of_a_vgg_are_those_of_the_papers(
    vgg: tuple[str, Path, dict[str, Tensor]],
) -> None:
    backbone, path, plain = vgg
    expected = {
        "vgg16": (["2_2"], ["1_2", "2_2", "3_3", "4_3"]),
        "vgg19": (["4_2"], ["1_1", "2_1", "3_1", "4_1", "5_1"]),
    }[backbone]
    table = chosen_layers(PerceptualConfig(backbone=backbone))
    for layers, names in zip((table.content, table.style), expected, strict=True):
        maps = Features(backbone, layers, path)(pictures())
        for actual, name in zip(maps.values(), names, strict=True):
            torch.testing.assert_close(actual, plain[name])


@torch.no_grad()
def test_a_convolutions_name_is_rectified_and_its_node_is_not(
    vgg: tuple[str, Path, dict[str, Tensor]],
) -> None:
    backbone, path, plain = vgg
    for layer, name in (("features.0", "features.0"), ("conv1_1", "1_1")):
        actual = Features(backbone, [layer], path)(pictures())[layer]
        torch.testing.assert_close(actual, plain[name])


def test_layers_of_the_configuration_override_the_table() -> None:
    chosen = chosen_layers(PerceptualConfig(content_layers=["relu3_1"]))
    assert chosen == LayerTable(("relu3_1",), TABLES["vgg19"].style)
    own = PerceptualConfig(backbone="resnet18", content_layers=["layer2"], style_layers=["layer1"])
    assert chosen_layers(own) == LayerTable(("layer2",), ("layer1",))


@pytest.mark.parametrize("missing", ["content_layers", "style_layers"])
def test_backbone_without_a_table_needs_both_keys(missing: str) -> None:
    given = {"content_layers": ["layer2"], "style_layers": ["layer1"]}
    del given[missing]
    with pytest.raises(ValueError, match=f"perceptual.{missing} must name layers of resnet18"):
        chosen_layers(PerceptualConfig.model_validate({"backbone": "resnet18", **given}))
