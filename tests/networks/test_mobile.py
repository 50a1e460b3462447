"""The generator for small devices: its arithmetic, and what its split convolutions compute."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, pad
from torch.utils.flop_counter import FlopCounterMode

from gan.networks import build_generator, init_weights
from gan.networks.layers import use_torch_layers
from gan.networks.resnet import ResidualBlock


def multiply_adds(kind: str, channels: int = 64, **choices: Any) -> float:
    """Return the multiply-adds of a network for each pixel, as torch counts them."""
    network = build_generator(kind, channels=channels, **choices)
    use_torch_layers(network)  # ours split the last convolution, which adds some at the edges
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 3, 16, 16))
    return float(counter.get_total_flops()) / 2 / 16**2


@pytest.mark.parametrize("upsample", ["deconv", "resize"])
def test_it_takes_a_tenth_of_the_multiply_adds_of_nine_blocks(upsample: str) -> None:
    tenth = multiply_adds("resnet_9blocks", upsample=upsample) / 10
    assert 0.7 * tenth < multiply_adds("mobile", upsample=upsample) < tenth


def test_the_multiply_adds_are_those_of_the_formula() -> None:
    """9 + C instead of 9 C for each of C maps; by hand for C = 10, an upsampling by "resize"."""
    blocks = 6 * 2 * 40 * (9 + 40) / 16
    halvings = 10 * (9 + 20) / 4 + 20 * (9 + 40) / 16
    doublings = (40 * 20 / 16 + 20 * 9 / 4) + (20 * 10 / 4 + 10 * 9)
    ends = 2 * 3 * 9 * 10
    found = multiply_adds("mobile", channels=10, upsample="resize")
    assert found == pytest.approx(blocks + halvings + doublings + ends)


def test_a_block_equals_dense_convolutions_whose_kernels_are_outer_products() -> None:
    network: Any = build_generator("mobile", channels=2, norm="none").double()
    init_weights(network, 0.3, torch.Generator().manual_seed(0))
    block = next(module for module in network.model if isinstance(module, ResidualBlock))
    each_1, mix_1, each_2, mix_2 = [m for m in block.conv_block if isinstance(m, nn.Conv2d)]
    x = expected = torch.rand(2, 8, 6, 5, generator=torch.Generator().manual_seed(1)).double()
    for each, mix in ((each_1, mix_1), (each_2, mix_2)):
        dense = mix.weight * each.weight.squeeze(1)
        assert dense.shape == (8, 8, 3, 3)
        mirrored = pad(expected.relu() if each is each_2 else expected, (1,) * 4, mode="reflect")
        expected = conv2d(mirrored, dense)
    torch.testing.assert_close(block(x), x + expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("choices", [
    {"norm": "instance"}, {"norm": "instance_affine", "upsample": "resize"}, {"norm": "batch"},
    {"norm": "none", "dropout": True}, {"upsample": "blur", "downsample": "blur"},
    {"in_channels": 1},
], ids=str)  # fmt: skip
def test_every_choice_gives_an_output_as_large_as_the_input(choices: dict[str, Any]) -> None:
    network = build_generator("mobile", channels=2, **choices)
    for height, width in ((16, 21), (33, 18)):
        image = torch.rand(2, choices.get("in_channels", 3), height, width) * 2 - 1
        with torch.no_grad():
            output = network(image)
        assert output.shape == (2, 3, height, width)
        assert output.abs().max() <= 1


@pytest.mark.parametrize("norm", ["instance", "instance_affine", "batch", "none"])
def test_a_convolution_has_a_bias_if_no_norm_cancels_it(norm: Any) -> None:
    network: Any = build_generator("mobile", channels=2, norm=norm)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert [m.bias is not None for m in convolutions[:-1]] == [norm == "none"] * 33
    assert convolutions[-1].bias is not None  # the last one has no norm
