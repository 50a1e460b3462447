"""Statistics of norms are averages over a shot, in one piece and in tiles."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gan.inference.tiling import run_tiled
from gan.inference.video.held import Held
from gan.networks import build_generator, init_weights
from gan.networks.layers import InstanceNorm


def frames(count: int, size: tuple[int, int] = (32, 40)) -> list[Tensor]:
    torch.manual_seed(1)
    return [torch.rand(1, 3, *size) * 2 - 1 for _ in range(count)]


def generator() -> nn.Module:
    network = build_generator(
        kind="resnet_6blocks", channels=4, in_channels=3, out_channels=3, norm="instance_affine",
        upsample="deconv", dropout=False,
    )  # fmt: skip
    init_weights(network, 0.5, torch.Generator().manual_seed(0))
    return network.eval().requires_grad_(False)


def in_tiles(network: nn.Module, frame: Tensor, folder: Path) -> Tensor:
    result = torch.empty_like(frame)

    def write(rows: slice, columns: slice, unit: Tensor) -> None:
        result[..., rows, columns] = unit

    run_tiled(
        network, lambda rows, columns: frame[..., rows, columns], write, *frame.shape[-2:],
        tile=16, scratch=folder,
    )  # fmt: skip
    return result


def test_the_averages_are_those_of_the_formula() -> None:
    norm, weight = InstanceNorm(3), 0.25
    held = Held(nn.Sequential(norm))
    average: tuple[Tensor, ...] | None = None
    for x in frames(4):
        with held.applied(weight):
            y = norm(x)
        present = x.double().mean((0, 2, 3)), x.double().var((0, 2, 3), correction=0)
        average = average or present
        average = tuple(a + weight * (b - a) for a, b in zip(average, present, strict=True))
        mean, variance = (value.view(1, 3, 1, 1) for value in average)
        torch.testing.assert_close(
            y.double(), (x - mean) / (variance + norm.eps).sqrt(), rtol=0, atol=1e-5
        )


def test_the_first_frame_is_translated_as_an_image() -> None:
    network, (frame, *_) = generator(), frames(1)
    with Held(network).applied(1.0):
        first = network(frame)
    torch.testing.assert_close(first, network(frame), rtol=0, atol=1e-4)


def test_equal_frames_are_translated_equally_bit_by_bit() -> None:
    network, (frame, *_) = generator(), frames(1)
    held, outputs = Held(network), []
    for weight in (1.0, 0.1, 0.37):
        with held.applied(weight):
            outputs.append(network(frame))
    assert torch.equal(outputs[0], outputs[1])
    assert torch.equal(outputs[0], outputs[2])


def test_tiles_hold_the_same_statistics(tmp_path: Path) -> None:
    network = generator()
    whole, tiled = Held(network), Held(network)
    for frame in frames(3):
        with whole.applied(0.3):
            expected = network(frame)
        with tiled.applied(0.3):
            found = in_tiles(network, frame, tmp_path)
        torch.testing.assert_close(found, expected, rtol=0, atol=2e-4)
    assert (network(frame) - expected).abs().max() > 0.01  # what is held matters


def test_a_state_continues_exactly() -> None:
    network = generator()
    one, other = Held(network), Held(network)
    first, second = frames(2)
    with one.applied(1.0):
        network(first)
    other.restore(one.state())
    with one.applied(0.2):
        expected = network(second)
    with other.applied(0.2):
        assert torch.equal(network(second), expected)


def test_a_network_is_as_before_afterwards() -> None:
    network, (frame, *_) = generator(), frames(1)
    before = network(frame)

    def fail() -> None:
        with Held(network).applied(1.0):
            raise ValueError("stopped")

    with pytest.raises(ValueError, match="stopped"):
        fail()
    assert torch.equal(network(frame), before)
