"""Several styles in one generator: norms against torch's, mixtures, and what a new style moves."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan.networks import build_generator, init_weights
from gan.networks.conditional import (
    ConditionalNorm,
    ConditionalResnet,
    fixed_weights,
    grown,
    norm_keys,
)
from gan.networks.files import fill
from gan.networks.resnet import recompute_blocks

SPEC: dict[str, Any] = {"channels": 2, "upsample": "resize"}
STYLES = 3


def network(styles: int = STYLES, seed: int = 0) -> ConditionalResnet:
    """Return a small network with random scales and shifts."""
    built = build_generator("conditional_1blocks", styles=styles, **SPEC)
    assert isinstance(built, ConditionalResnet)
    draws = torch.Generator().manual_seed(seed)
    init_weights(built, 0.3, draws)
    with torch.no_grad():
        for norm in built.modules():
            if isinstance(norm, ConditionalNorm):
                norm.weight.add_(torch.randn(norm.weight.shape, generator=draws))
                norm.bias.add_(torch.randn(norm.bias.shape, generator=draws))
    return built.eval()


def images(count: int = 1, side: int = 18) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(5)) * 2 - 1


def plain(mixture: list[float], several: nn.Module) -> nn.Module:
    """Return the ordinary ResNet generator of a mixture."""
    spec = {"kind": "resnet_1blocks", "norm": "instance_affine", **SPEC}
    return fill(spec, fixed_weights(several, mixture))


def test_a_norm_is_torchs_with_the_scale_and_the_shift_of_each_images_style() -> None:
    norm = ConditionalNorm(STYLES, 4)
    with torch.no_grad():
        norm.weight.normal_()
        norm.bias.normal_()
    x = torch.randn(STYLES, 4, 5, 6)
    ours = norm(x, torch.eye(STYLES))
    for style in range(STYLES):
        theirs = nn.functional.instance_norm(
            x[style : style + 1], weight=norm.weight[style], bias=norm.bias[style]
        )
        torch.testing.assert_close(ours[style : style + 1], theirs, rtol=1e-5, atol=1e-5)


def test_a_fixed_mixture_is_an_ordinary_generator_with_the_same_output() -> None:
    several, x = network(), images()
    for mixture in ([0.0, 1.0, 0.0], [0.25, 0.0, 0.75]):
        with torch.no_grad():
            ours, theirs = several(x, torch.tensor([mixture])), plain(mixture, several)(x)
        assert ours.shape == x.shape
        torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-5)


def test_each_image_of_a_batch_has_its_own_mixture() -> None:
    several, x, mixtures = network(), images(STYLES), torch.eye(STYLES)
    with torch.no_grad():
        together = several(x, mixtures)
        alone = [several(x[at : at + 1], mixtures[at : at + 1]) for at in range(STYLES)]
        other = several(x, mixtures[[1, 2, 0]])
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-5)
    assert (together - other).abs().flatten(1).amax(1).min() > 1e-3


def test_a_chosen_style_is_fixed_bit_for_bit_and_a_mixture_is_the_weighted_mean() -> None:
    several = network()
    state, norms = several.state_dict(), norm_keys(several)
    assert norms
    chosen, mixed = fixed_weights(several, [0, 0, 1]), fixed_weights(several, [0.5, 0.2, 0.3])
    for name, tensor in state.items():
        if name not in norms:
            assert torch.equal(chosen[name], tensor)
            continue
        assert torch.equal(chosen[name], tensor[2])
        expected = np.array([0.5, 0.2, 0.3]) @ tensor.double().numpy()
        np.testing.assert_allclose(mixed[name].numpy(), expected, rtol=1e-6, atol=1e-7)


def test_styles_share_everything_but_two_numbers_for_each_map_of_each_norm() -> None:
    def count(styles: int) -> int:
        return sum(parameter.numel() for parameter in network(styles).parameters())

    # Norms of a ResNet with one block and two channels: stem, two down, two in the block, two up.
    maps = 2 + 4 + 8 + 8 + 8 + 4 + 2
    assert count(5) - count(4) == 2 * maps
    single = build_generator("resnet_1blocks", norm="instance_affine", **SPEC)
    assert count(1) == sum(parameter.numel() for parameter in single.parameters())


def test_recomputed_blocks_have_the_same_gradients() -> None:
    gradients = []
    for again in (False, True):
        several = network()
        if again:
            recompute_blocks([several])
        several(images(STYLES), torch.eye(STYLES)).square().sum().backward()
        gradients.append([p.grad for p in several.parameters() if p.grad is not None])
    assert len(gradients[0]) == len(gradients[1])
    for one, other in zip(*gradients, strict=True):
        assert torch.equal(one, other)


def test_a_grown_network_keeps_its_styles_and_begins_new_ones_at_their_mean() -> None:
    small, large = network(2), network(4, seed=1)
    state = grown(large, small.state_dict(), 4)
    large.load_state_dict(state)
    for name in norm_keys(large):
        before, after = small.state_dict()[name], large.state_dict()[name]
        assert torch.equal(after[:2], before)
        torch.testing.assert_close(after[2:], before.mean(0).expand(2, -1))
    x = images()
    with torch.no_grad():
        assert torch.equal(plain([0, 1, 0, 0], large)(x), plain([0, 1], small)(x))


def test_a_network_without_styles_is_rejected() -> None:
    with pytest.raises(ValueError, match="styles is 0: must be at least 1"):
        build_generator("conditional_6blocks", styles=0)
