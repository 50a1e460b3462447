"""The generator with a style image: statistics against NumPy, sizes, dependencies."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import instance_norm

from gan.config.tables.generators import GENERATORS
from gan.networks import build_generator, init_weights
from gan.networks.adain import (
    AdainGenerator,
    Styled,
    StyledConv,
    adaptive_instance_norm,
    channel_statistics,
)
from gan.networks.files import load_generator, save_generator

SPEC = {"kind": "adain", "channels": 2, "in_channels": 3, "out_channels": 3}


def maps(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def network(seed: int = 0, **changes: object) -> AdainGenerator:
    built = build_generator(**(SPEC | changes))  # type: ignore[arg-type]
    assert isinstance(built, AdainGenerator)
    init_weights(built, 0.2, torch.Generator().manual_seed(seed))
    return built.eval()


def test_gradients_are_correct() -> None:
    one = maps(1, 2, 3, 3, 4).requires_grad_()
    style = maps(2, 2, 3, 2, 2).requires_grad_()
    assert torch.autograd.gradcheck(channel_statistics, one)
    assert torch.autograd.gradcheck(
        lambda c, s: adaptive_instance_norm(c, *channel_statistics(s)), (one, style)
    )


def test_statistics_equal_numpys() -> None:
    features = maps(0, 2, 3, 4, 5)
    mean, std = channel_statistics(features, eps=0.25)
    expected = features.numpy().mean(axis=(2, 3), keepdims=True)
    np.testing.assert_allclose(mean, expected, rtol=1e-6)
    variance = features.numpy().var(axis=(2, 3), keepdims=True)
    np.testing.assert_allclose(std, np.sqrt(variance + 0.25), rtol=1e-6)


def test_statistics_of_a_flat_map_have_finite_gradients() -> None:
    flat = torch.full((1, 2, 3, 3), 0.7, requires_grad=True)
    mean, std = channel_statistics(flat)
    assert std.flatten().tolist() == pytest.approx([1e-5**0.5] * 2)
    (mean + std).sum().backward()
    assert flat.grad is not None
    assert flat.grad.isfinite().all()


def test_adaptive_instance_norm_is_instance_norm_in_the_styles_statistics() -> None:
    content, style = maps(1, 2, 3, 6, 5), maps(2, 2, 3, 4, 7) * 3 + 1
    mean, std = channel_statistics(style)
    result = adaptive_instance_norm(content, mean, std)
    torch.testing.assert_close(result, instance_norm(content) * std + mean)
    own = channel_statistics(content)
    torch.testing.assert_close(adaptive_instance_norm(content, *own), content)


def test_the_result_has_the_statistics_of_the_style() -> None:
    content, style = maps(1, 2, 3, 16, 15), maps(2, 2, 3, 4, 7) * 3 + 1
    result = adaptive_instance_norm(content, *channel_statistics(style, eps=0), eps=0).numpy()
    for statistic in (np.mean, np.std):
        expected = statistic(style.numpy(), axis=(2, 3))
        np.testing.assert_allclose(statistic(result, axis=(2, 3)), expected, rtol=1e-9)


def test_a_styled_convolution_has_the_statistics_of_its_affine_map() -> None:
    torch.manual_seed(0)
    layer = StyledConv(torch.nn.Conv2d(2, 3, 1), 3, code=4).double()
    code = maps(3, 2, 4)
    result = layer(maps(1, 2, 2, 30, 20), code).detach()
    wanted = layer.affine(code).detach()
    mean, std = channel_statistics(result, eps=0)
    torch.testing.assert_close(mean.flatten(1), wanted[:, :3], rtol=0, atol=1e-9)
    # eps joins the content's variance, which is above 0.01 here
    torch.testing.assert_close(std.flatten(1), (1 + wanted[:, 3:]).abs(), rtol=1e-3, atol=0)


@pytest.mark.parametrize("upsample", ["deconv", "resize"])
def test_content_and_style_are_of_any_sizes(upsample: str) -> None:
    generator = network(upsample=upsample)
    with torch.no_grad():
        for size in ((16, 16), (17, 40), (33, 18)):
            for style in ((16, 16), (51, 16)):
                result = generator(torch.rand(2, 3, *size), torch.rand(1, 3, *style))
                assert result.shape == (2, 3, *size)
                assert result.abs().max() <= 1


def test_every_content_in_a_batch_gets_its_style() -> None:
    generator = network().double()
    content, style = maps(1, 2, 3, 20, 16), maps(2, 2, 3, 16, 24)
    with torch.no_grad():
        both = generator(content, style)
        alone = [generator(content[i : i + 1], style[i : i + 1]) for i in (0, 1)]
        swapped = generator(content, style.flip(0))
    torch.testing.assert_close(both, torch.cat(alone))
    assert (both - swapped).abs().mean() > 1e-3


def test_domains_may_differ_in_channels() -> None:
    generator = network(in_channels=1)
    assert generator(torch.rand(1, 1, 16, 16), torch.rand(1, 3, 16, 16)).shape == (1, 3, 16, 16)


def test_gradients_reach_every_weight() -> None:
    generator = network(dropout=True).train()
    generator(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16)).square().mean().backward()
    for name, parameter in generator.named_parameters():
        assert parameter.grad is not None, name
        if not (name.startswith("content_encoder") and name.endswith("bias")):  # a norm cancels it
            assert parameter.grad.abs().max() > 0, name


def test_a_style_is_encoded_once_and_serves_all_contents() -> None:
    generator, style, content = network(), torch.rand(1, 3, 20, 30), torch.rand(3, 3, 16, 16)
    styled = Styled(copy.deepcopy(generator), style).eval()
    with torch.no_grad():
        assert torch.equal(styled(content), generator(content, style))
    assert not GENERATORS["adain"].tiles


def test_its_file_is_enough_to_translate(tmp_path: Path) -> None:
    generator, content, style = network(), torch.rand(1, 3, 16, 18), torch.rand(1, 3, 20, 16)
    save_generator(generator.state_dict(), tmp_path / "g.safetensors", SPEC, {})
    loaded, spec, _ = load_generator(tmp_path / "g.safetensors")
    assert spec == SPEC
    with torch.no_grad():
        assert torch.equal(loaded(content, style), generator(content, style))
