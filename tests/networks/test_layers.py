"""The shared layers: reflection as in NumPy, padding that is cropped again, even upsampling."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from gan.config.choices import Upsample
from gan.networks import build_discriminator, build_generator
from gan.networks.layers import (
    ConvToImage,
    InstanceNorm,
    ReflectionPad,
    instance_norm,
    reflect,
    run_padded,
    upsampling,
    use_torch_layers,
)


@given(st.integers(2, 9), st.integers(0, 40), st.integers(0, 40), st.sampled_from([-1, -2]))
def test_reflection_is_numpys_for_any_amount(size: int, before: int, after: int, dim: int) -> None:
    x = torch.rand(1, 2, size, size)
    amounts = [(0, 0)] * 4
    amounts[dim] = (before, after)
    expected = np.pad(x.numpy(), amounts, mode="reflect")
    np.testing.assert_array_equal(reflect(x, dim, before, after).numpy(), expected)


@given(st.integers(2, 9), st.integers(0, 40), st.integers(0, 40))
def test_a_pixels_gradient_counts_its_reflections(size: int, before: int, after: int) -> None:
    x = torch.rand(size, requires_grad=True)
    (gradient,) = torch.autograd.grad(reflect(x, -1, before, after).sum(), x)
    indices = np.pad(np.arange(size), (before, after), mode="reflect")
    np.testing.assert_array_equal(gradient.numpy(), np.bincount(indices))


@given(st.integers(2, 40), st.integers(2, 40), st.sampled_from([4, 128]))
def test_padded_run_sees_the_reflected_image_and_is_cropped(
    height: int, width: int, multiple: int
) -> None:
    x = torch.rand(1, 1, height, width)
    seen: list[Tensor] = []
    network = nn.Identity()
    network.register_forward_hook(lambda _, args, output: seen.append(output))
    assert torch.equal(run_padded(network, x, multiple), x)
    amounts = [(0, 0), (0, 0), (0, -height % multiple), (0, -width % multiple)]
    np.testing.assert_array_equal(seen[0].numpy(), np.pad(x.numpy(), amounts, mode="reflect"))


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("tracked", [False, True])
def test_instance_norm_is_torchs(affine: bool, tracked: bool) -> None:
    """Values, gradients and second derivatives, in double precision to its rounding."""
    settings: dict[str, Any] = {
        "affine": affine,
        "track_running_stats": tracked,
        "dtype": torch.float64,
    }
    ours, theirs = InstanceNorm(3, **settings), nn.InstanceNorm2d(3, **settings)
    if affine:
        for norm in (ours, theirs):
            norm.weight.data, norm.bias.data = torch.tensor([1.0, 2, 3]), torch.tensor([0.5, 0, -1])
            norm.double()
    x = torch.rand(2, 3, 7, 5, dtype=torch.float64, requires_grad=True)
    results = []
    for norm in (ours, theirs):
        y = norm(x)
        (first,) = torch.autograd.grad(y.pow(3).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first.pow(2).sum(), x)
        results.append((y, first, second, *norm.state_dict().values()))
    for mine, reference in zip(*results, strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("network", ["resnet_6blocks", "n_layers"])
def test_biases_that_a_norm_cancels_are_kept_but_neither_added_nor_trained(network: str) -> None:
    """The output and all other gradients are those of torch's layers, with random biases."""
    ours: nn.Module
    if network == "n_layers":
        ours = build_discriminator("n_layers", channels=2, layers=2)
    else:
        ours = build_generator("resnet_6blocks", channels=2)
    ours.double()
    for name, parameter in ours.named_parameters():
        if name.endswith("bias"):
            parameter.data.normal_()
    plain = copy.deepcopy(ours)
    use_torch_layers(plain)
    assert plain.state_dict().keys() == ours.state_dict().keys()
    x = torch.rand(2, 3, 32, 32, dtype=torch.float64)
    outputs = ours(x), plain(x)
    torch.testing.assert_close(*outputs, rtol=1e-10, atol=1e-10)
    for output in outputs:
        output.square().sum().backward()
    cancelled = 0
    for mine, theirs in zip(ours.parameters(), plain.parameters(), strict=True):
        assert theirs.grad is not None
        if mine.grad is None:
            assert not mine.requires_grad
            assert theirs.grad.abs().max() < 1e-9
            cancelled += 1
        else:
            torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-8, atol=1e-8)
    # The stem and two in each block; the middle stages.
    assert cancelled == (2 if network == "n_layers" else 13)


LAYOUTS = [torch.contiguous_format, torch.channels_last]


@pytest.mark.parametrize("images", [1, 2, 3])
@pytest.mark.parametrize("of_gradient", LAYOUTS)
@pytest.mark.parametrize("of_input", LAYOUTS)
def test_the_norm_and_its_gradient_are_the_formulas_in_any_memory_format(
    images: int, of_input: torch.memory_format, of_gradient: torch.memory_format
) -> None:
    """torch's own gradient is wrong for a single image and a gradient in channels_last."""
    shape, kind = (images, 3, 7, 5), torch.float64
    x = torch.rand(shape, dtype=kind).contiguous(memory_format=of_input).requires_grad_()
    weight = torch.rand(shape, dtype=kind).contiguous(memory_format=of_gradient)
    deviation = x - x.mean((2, 3), keepdim=True)
    expected = deviation / (deviation.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()
    ours = instance_norm(x)
    torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-12)
    assert ours.is_contiguous(memory_format=of_input)
    for mine, formula in zip(
        torch.autograd.grad(ours, x, weight), torch.autograd.grad(expected, x, weight), strict=True
    ):
        torch.testing.assert_close(mine, formula, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_bfloat16_norm_is_the_rounded_exact_one(layout: torch.memory_format) -> None:
    x = (torch.rand(2, 16, 12, 12) + 3).bfloat16().contiguous(memory_format=layout)
    exact = instance_norm(x.double())
    best = (exact.bfloat16().double() - exact).square().mean()
    assert (instance_norm(x).double() - exact).square().mean() <= 1.1 * best


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 7])
@pytest.mark.parametrize("images", [1, 2, 3])
def test_the_convolution_to_an_image_is_torchs(
    images: int, kernel_size: int, bias: bool, layout: torch.memory_format
) -> None:
    ours = ConvToImage(5, 3, kernel_size, bias=bias).double().to(memory_format=layout)
    x = torch.rand(images, 5, 9, 14, dtype=torch.float64).contiguous(memory_format=layout)
    x.requires_grad_()
    outputs = ours(x), nn.Conv2d.forward(ours, x)
    torch.testing.assert_close(*outputs, rtol=1e-12, atol=1e-12)
    weight = torch.rand_like(outputs[0])
    inputs = [x, *ours.parameters()]
    gradients = (torch.autograd.grad(output, inputs, weight) for output in outputs)
    for mine, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-12)
    assert torch.autograd.gradcheck(ours, x) if images == 1 else True


def test_the_convolution_to_an_image_keeps_the_precision_of_autocast() -> None:
    layer, x = ConvToImage(5, 3, 7), torch.rand(2, 5, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        ours, plain = layer(x), nn.Conv2d.forward(layer, x)
    assert ours.dtype == plain.dtype == torch.bfloat16
    exact = nn.Conv2d.forward(layer, x)
    # Seven rounded rows in place of one rounded sum.
    assert (ours - exact).square().mean() <= 7 * (plain - exact).square().mean()


def test_padding_keeps_the_precision_of_autocast() -> None:
    x = torch.rand(1, 2, 5, 5, dtype=torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        padded = ReflectionPad(2)(x)
    assert padded.dtype == torch.bfloat16
    expected = np.pad(x.float().numpy(), [(0, 0), (0, 0), (2, 2), (2, 2)], mode="reflect")
    np.testing.assert_array_equal(padded.float().numpy(), expected)


@pytest.fixture
def deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.mark.usefixtures("deterministic")
def test_deterministic_padding_has_the_native_kernels_values_and_gradient() -> None:
    weight = torch.rand(2, 3, 11, 13)
    x = torch.rand(2, 3, 5, 7, requires_grad=True)
    ours, native = ReflectionPad(3)(x), nn.ReflectionPad2d(3)(x)
    assert torch.equal(ours, native)
    torch.testing.assert_close(
        torch.autograd.grad(ours, x, weight), torch.autograd.grad(native, x, weight)
    )


def values_from_ones(module: nn.Module) -> set[float]:
    """Set all weights to one and upsample a constant image; return the values inside the border."""
    for parameter in module.parameters():
        nn.init.ones_(parameter)
    with torch.no_grad():
        output: Tensor = module(torch.ones(1, 2, 6, 6))
    return set(output[..., 2:-2, 2:-2].flatten().tolist())


def test_resize_upsampling_cannot_make_a_checkerboard() -> None:
    """Constant input and constant weights give a constant output. The transposed convolution's
    overlaps are uneven, so its output alternates."""
    resize = upsampling(2, 1, kernel_size=3, bias=True, upsample="resize")
    assert values_from_ones(resize) == {2 * 3 * 3 + 1}
    deconv = upsampling(2, 1, kernel_size=3, bias=True, upsample="deconv")
    assert values_from_ones(deconv) == {2 * 1 + 1, 2 * 2 + 1, 2 * 4 + 1}


@pytest.mark.parametrize("kernel_size", [3, 4])
@pytest.mark.parametrize("upsample", ["deconv", "resize"])
def test_upsampling_doubles_height_and_width(upsample: Upsample, kernel_size: int) -> None:
    layer = upsampling(2, 5, kernel_size=kernel_size, bias=False, upsample=upsample)
    assert layer(torch.rand(1, 2, 7, 1)).shape == (1, 5, 14, 2)
