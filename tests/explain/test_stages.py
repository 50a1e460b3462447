"""Feature maps are the layers' own outputs, and their colors are principal components."""

import numpy as np
import pytest
import torch

from gan.explain.stages import SHOWN, main_components, record_stages
from gan.networks import build_generator
from gan.networks.resnet import ResidualBlock, ResnetGenerator

KINDS = [
    ("resnet_6blocks", 11), ("resnet_6blocks_half", 9), ("resnet_9blocks", 14), ("unet_128", 13)
]  # fmt: skip


@pytest.mark.parametrize(("kind", "layers"), KINDS)
def test_stages_run_from_the_first_layer_to_the_last_before_the_picture(
    kind: str, layers: int
) -> None:
    network = build_generator(kind, channels=2).eval()
    unit = torch.rand(1, 3, 128, 128) * 2 - 1
    with torch.no_grad():
        before = network(unit)
    found = record_stages(network, unit)
    assert len(found) == SHOWN
    assert found[0].name.startswith(f"1 of {layers}: ")
    assert found[-1].name.startswith(f"{layers} of {layers}: ")
    numbers = [int(stage.name.split()[0]) for stage in found]
    assert numbers == sorted(set(numbers))
    assert all(stage.maps.shape[0] >= 2 for stage in found)
    with torch.no_grad():
        assert torch.equal(network(unit), before)
    assert not any(module._forward_hooks for module in network.modules())


def test_a_stage_is_the_output_of_the_layers_up_to_it() -> None:
    """Also before an in-place activation, which would change the kept tensor."""
    network = build_generator("resnet_6blocks", channels=2, norm="none").eval()
    unit = torch.rand(1, 3, 32, 40) * 2 - 1
    found = {stage.name: stage.maps for stage in record_stages(network, unit)}
    assert isinstance(network, ResnetGenerator)
    layers = network.model
    with torch.no_grad():
        assert torch.equal(found["1 of 11: convolution"], layers[:2](unit)[0])
        block = next(at for at, each in enumerate(layers) if isinstance(each, ResidualBlock))
        first = layers[: block + 1](unit)[0]
    assert torch.equal(found["4 of 11: residual block"], first)


def test_the_first_component_is_the_pattern_that_all_channels_share() -> None:
    pattern = torch.rand(12, 15, generator=torch.Generator().manual_seed(0))
    shares = torch.tensor([0.1, -3.0, 0.5, 1.0])
    colors = main_components(shares[:, None, None] * pattern + 7)
    correlation = np.corrcoef(colors[:, :, 0].ravel(), pattern.ravel())[0, 1]
    assert correlation == pytest.approx(-1, abs=1e-2)  # the largest share is negative
    assert (colors[:, :, 1:] == 128).all()  # the other components are empty


def test_components_are_those_of_numpys_singular_values() -> None:
    maps = torch.randn(6, 9, 11, generator=torch.Generator().manual_seed(1))
    values = maps.flatten(1).double().numpy()
    values -= values.mean(1, keepdims=True)
    left, _, _ = np.linalg.svd(values, full_matrices=False)
    colors = main_components(maps)
    for place in range(3):
        component = left[:, place] @ values
        found = np.corrcoef(colors[:, :, place].ravel(), component)[0, 1]
        assert abs(found) > 0.99  # clipping and rounding differ


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_flat_maps_are_gray(channels: int) -> None:
    assert (main_components(torch.full((channels, 4, 6), 3.0)) == 128).all()
