"""Features of a ResNet's encoder are those of the plain network; their projection."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan.networks import build_generator, init_weights
from gan.networks.projection import SIZE, build_heads
from gan.networks.resnet import recompute_blocks

CHANNELS = 2
HALF = "resnet_6blocks_half"
PLAIN = {"upsample": "resize"}
BLUR = {"upsample": "blur", "downsample": "blur"}


def build(kind: str = "resnet_6blocks", **choices: Any) -> Any:
    network = build_generator(kind, channels=CHANNELS, **choices)
    init_weights(network, 0.2, torch.Generator().manual_seed(0))
    return network.double()


def images() -> Tensor:
    return torch.rand(2, 3, 24, 16, generator=torch.Generator().manual_seed(1)).double() * 2 - 1


def positions_of(network: Any) -> list[Tensor]:
    """Return some positions of each map, in random order."""
    draws = torch.Generator().manual_seed(2)
    sizes = [(24 // at.stride) * (16 // at.stride) for at in network.feature_maps]
    return [torch.randperm(size, generator=draws)[:9] for size in sizes]


def hooked(network: Any, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Return the output and the maps that hooks record: the image, convolutions, blocks."""
    blocks = [m for m in network.model if type(m).__name__ == "ResidualBlock"]
    mixing = [m for m in network.model if isinstance(m, nn.Conv2d) and m.groups == 1]
    halvings = mixing[1 : len(network.feature_maps) - 2]
    seen = [x]
    for module in (*halvings, blocks[0], blocks[len(blocks) // 2]):
        module.register_forward_hook(lambda *arguments: seen.append(arguments[2].clone()))
    return network(x), list(seen)


@pytest.mark.parametrize("choices", [
    PLAIN, BLUR, {"norm": "none"}, {"norm": "batch"}, {"norm": "instance_affine"},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("kind", ["resnet_6blocks", "resnet_9blocks", "mobile", HALF])
def test_features_are_those_of_the_plain_network_up_to_their_layer(
    kind: str, choices: dict[str, Any]
) -> None:
    network, x = build(kind, **choices).eval(), images()
    expected, maps = hooked(network, x)
    positions = positions_of(network)
    output, *features = network(x, positions)
    assert torch.equal(output, expected)
    assert len(features) == len(maps) == len(network.feature_maps)
    assert len(features) == (4 if kind == HALF else 5)
    encoded = network(x, positions, encode_only=True)
    for at, found, alone, feature_map, places in zip(
        network.feature_maps, features, encoded, maps, positions, strict=True
    ):
        rows = feature_map[:, :, places // (16 // at.stride), places % (16 // at.stride)]
        assert torch.equal(found, rows.transpose(1, 2))
        assert torch.equal(found, alone)
        assert found.shape == (2, 9, at.channels)


def test_layers_of_nine_blocks_with_filters_are_those_of_the_authors() -> None:
    """Counted from one: the authors name the last layer before a map."""
    maps = build("resnet_9blocks", **BLUR).feature_maps
    assert [at.layer - 1 for at in maps[1:]] == [4, 8, 12, 16]
    assert [at.channels for at in maps] == [3, 4, 8, 8, 8]
    assert [at.stride for at in maps] == [1, 1, 2, 4, 4]


def test_half_networks_have_one_downsampling() -> None:
    assert [(at.channels, at.stride) for at in build(HALF).feature_maps] == [
        (3, 1), (4, 2), (4, 2), (4, 2),
    ]  # fmt: skip


def test_a_network_of_one_block_names_it_once() -> None:
    assert [at.stride for at in build("resnet_1blocks").feature_maps] == [1, 2, 4, 4]


def test_encode_only_runs_no_layer_after_the_last_map() -> None:
    network, ran = build(), []
    for depth, layer in enumerate(network.model):
        layer.register_forward_hook(lambda *_, depth=depth: ran.append(depth))
    network(images(), positions_of(network), encode_only=True)
    assert ran == list(range(network.feature_maps[-1].layer))
    assert len(ran) < len(network.model) - 10


def test_recomputed_blocks_and_channels_last_give_the_same_features() -> None:
    plain, other = build(), build()
    recompute_blocks([other])
    other.to(memory_format=torch.channels_last)
    gradients = []
    for network, x in ((plain, images()), (other, images().to(memory_format=torch.channels_last))):
        output, *features = network(x, positions_of(network))
        (output.square().mean() + sum(each.square().mean() for each in features)).backward()
        gradients.append([parameter.grad for parameter in network.parameters()])
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_heads_project_to_vectors_of_length_one_with_two_layers_each() -> None:
    heads = build_heads((3, 8), 0.02, seed=5)
    features = [torch.randn(2, 4, 3), torch.randn(2, 4, 8)]
    state = heads.state_dict()
    assert not any(bias.any() for name, bias in state.items() if name.endswith("bias"))
    with torch.no_grad():
        for at, (projected, x) in enumerate(zip(heads(features), features, strict=True)):
            first, last = (state[f"heads.{at}.{layer}.weight"] for layer in (0, 2))
            rows = (x @ first.T).clamp(min=0) @ last.T
            expected = rows / rows.square().sum(dim=2, keepdim=True).sqrt()
            assert projected.shape == (2, 4, SIZE)
            torch.testing.assert_close(projected, expected)


def test_heads_are_a_function_of_the_seed_and_not_of_the_random_state() -> None:
    first, again, other = (build_heads((3,), 0.02, seed=seed) for seed in (5, 5, 6))
    for one, same, another in zip(*(h.state_dict().values() for h in (first, again, other)),
                                  strict=True):  # fmt: skip
        assert torch.equal(one, same)
        assert torch.equal(one, another) == (not one.any())
