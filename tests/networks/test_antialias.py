"""CUT's filters give the expected output for known signals."""

import pytest
import torch
from torch.nn.functional import conv2d, interpolate

from gan.networks import build_generator
from gan.networks.antialias import BlurDown, BlurUp


def test_upsampling_is_bilinear_interpolation() -> None:
    x = torch.randn(2, 5, 7, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(BlurUp(5).double()(x), expected, rtol=0, atol=1e-12)


def test_upsampling_has_a_deterministic_backward_that_compiles() -> None:
    """The backward of replicate padding is neither (torch 2.15); the graph shows what runs."""
    todo, names = [BlurUp(1)(torch.ones(1, 1, 4, 4, requires_grad=True)).grad_fn], set[str]()
    while todo:
        node = todo.pop()
        if node is not None:
            names.add(node.name())
            todo += [following for following, _ in node.next_functions]
    assert "CatBackward0" in names
    assert not any("Pad" in name for name in names), names


@pytest.mark.parametrize("side", [8, 9])
def test_downsampling_takes_every_second_pixel_of_a_binomial_average(side: int) -> None:
    x = torch.randn(1, 1, side, side, dtype=torch.float64)
    mirror = [1, *range(side), side - 2]
    kernel = torch.tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]], dtype=torch.float64) / 16
    expected = conv2d(x[:, :, mirror][:, :, :, mirror], kernel[None, None])[:, :, ::2, ::2]
    torch.testing.assert_close(BlurDown(1).double()(x), expected, rtol=0, atol=1e-12)


def test_a_checkerboard_vanishes_and_a_constant_stays() -> None:
    board = torch.tensor([[1.0, -1], [-1, 1]]).repeat(1, 3, 4, 4)
    assert BlurDown(3)(board)[:, :, 1:-1, 1:-1].abs().max() == 0
    assert torch.equal(BlurUp(3)(BlurDown(3)(torch.ones(1, 3, 8, 8))), torch.ones(1, 3, 8, 8))


def test_keys_are_those_of_cut() -> None:
    """52 entries, 11,378,179 trained numbers (CUT's published generators)."""
    with torch.device("meta"):
        generator = build_generator("resnet_9blocks", upsample="blur", downsample="blur")
    convs = ["1", "4", "8", *(f"{n}.conv_block.{k}" for n in range(12, 21) for k in (1, 5))]
    filters = ["7", "11", "21", "25"]
    state = generator.state_dict()
    kernels = [name for name in state if name.endswith("weight")]
    assert kernels == [f"model.{at}.weight" for at in [*convs, "22", "26", "30"]]
    assert {f"model.{at}.filt" for at in filters} == {name for name in state if "filt" in name}
    assert len(state) == 52
    assert sum(parameter.numel() for parameter in generator.parameters()) == 11_378_179


@pytest.mark.parametrize("size", [(32, 32), (17, 30)])
def test_output_is_as_large_as_the_input(size: tuple[int, int]) -> None:
    generator = build_generator("resnet_6blocks", channels=2, upsample="blur", downsample="blur")
    with torch.no_grad():
        assert generator(torch.rand(1, 3, *size)).shape == (1, 3, *size)


def test_only_resnets_have_blur() -> None:
    for key in ("upsample", "downsample"):
        with pytest.raises(ValueError, match="only for ResNet generators, not for unet_128"):
            build_generator("unet_128", **{key: "blur"})  # type: ignore[arg-type]
