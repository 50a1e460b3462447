"""Initial weights: their distribution, and that they depend only on the given generator."""

import pytest
import torch
from torch import Tensor, nn

from gan.networks import build_discriminator, build_generator, init_weights


def initialized(seed: int, gain: float = 0.02) -> nn.Module:
    network = build_generator("unet_128", channels=8, norm="batch")
    init_weights(network, gain, torch.Generator().manual_seed(seed))
    return network


@pytest.mark.parametrize("gain", [0.02, 0.1])
def test_convolutions_are_normal_around_zero_with_the_gain(gain: float) -> None:
    """Mean and deviation of every kernel within five standard errors; biases zero."""
    network = build_generator("resnet_6blocks", channels=8)
    init_weights(network, gain, torch.Generator().manual_seed(0))
    for name, values in network.named_parameters():
        if name.endswith(".bias"):
            assert torch.equal(values, torch.zeros_like(values))
            continue
        n = values.numel()
        assert values.mean().abs() < 5 * gain / n**0.5
        assert (values.std() - gain).abs() < 5 * gain / (2 * n) ** 0.5


def test_batch_norm_scales_are_normal_around_one() -> None:
    norms = [m for m in initialized(0).modules() if isinstance(m, nn.BatchNorm2d)]
    scales = torch.cat([m.weight.detach() for m in norms])
    assert (scales.mean() - 1).abs() < 5 * 0.02 / len(scales) ** 0.5
    assert (scales.std() - 0.02).abs() < 5 * 0.02 / (2 * len(scales)) ** 0.5
    assert all(m.bias.count_nonzero() == 0 for m in norms)


def weights(network: nn.Module) -> Tensor:
    return nn.utils.parameters_to_vector(network.parameters())


def test_weights_depend_on_the_given_generator_alone() -> None:
    torch.manual_seed(1)
    one = weights(initialized(7))
    torch.manual_seed(2)
    assert torch.equal(weights(initialized(7)), one)
    assert not torch.equal(weights(initialized(8)), one)


def test_the_global_generator_does_not_change() -> None:
    network = build_discriminator("basic", channels=2, norm="batch")
    before = torch.get_rng_state()
    init_weights(network, 0.02, torch.Generator().manual_seed(0))
    assert torch.equal(torch.get_rng_state(), before)
