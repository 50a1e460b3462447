"""Norms with statistics from pieces."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan.inference.tiling import norms
from gan.inference.tiling.norms import Moments, settled


def moments_of(x: Tensor, lines: int) -> Moments:
    moments = Moments(x.shape[1])
    for piece in x.split(lines, dim=2):
        moments.add(piece)
    return moments


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_moments_are_numpys_in_float64(offset: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within float32's rounding of a deviation, however far the mean is from zero."""
    monkeypatch.setattr(norms, "PIECE", 1000)
    torch.manual_seed(0)
    x = torch.randn(1, 5, 97, 61) * torch.tensor([0.1, 1, 2, 3, 0]).view(1, 5, 1, 1) + offset
    x[:, :, 50:] += 3  # pieces whose means differ
    moments = moments_of(x, 7)
    exact = x.double().numpy()
    assert moments.count == 97 * 61
    np.testing.assert_allclose(moments.mean, exact.mean((0, 2, 3)), rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(moments.variance, exact.var((0, 2, 3)), rtol=1e-6, atol=1e-9)


def test_a_difference_of_squares_in_float32_would_be_far_off() -> None:
    """Shows that the test above can fail."""
    x = torch.randn(10000, generator=torch.Generator().manual_seed(0)) + 1e4
    assert abs((x.square().mean() - x.mean().square()).item() - x.double().var().item()) > 0.1


def test_moments_do_not_depend_on_the_memory_format() -> None:
    x = torch.randn(1, 4, 30, 20, generator=torch.Generator().manual_seed(0))
    plain = moments_of(x, 8)
    last = moments_of(x.contiguous(memory_format=torch.channels_last), 8)
    torch.testing.assert_close(plain.mean, last.mean, rtol=0, atol=1e-7)  # another order of sums
    torch.testing.assert_close(plain.variance, last.variance, rtol=1e-6, atol=0)


NORMS: dict[str, Callable[[], nn.InstanceNorm2d | nn.BatchNorm2d]] = {
    "instance": lambda: nn.InstanceNorm2d(4),
    "affine": lambda: nn.InstanceNorm2d(4, eps=1e-3, affine=True),
    "instance, tracked": lambda: nn.InstanceNorm2d(4, affine=True, track_running_stats=True),
    "batch": lambda: nn.BatchNorm2d(4),
    "batch, plain": lambda: nn.BatchNorm2d(4, affine=False),
    "batch, untracked": lambda: nn.BatchNorm2d(4, track_running_stats=False),
}


@pytest.mark.parametrize("name", NORMS)
def test_a_fixed_norm_equals_torch(name: str) -> None:
    torch.manual_seed(0)
    norm = NORMS[name]()
    for tensor in (*norm.parameters(), *norm.buffers()):
        if tensor.is_floating_point():
            nn.init.uniform_(tensor, 0.5, 2)
    x = 3 * torch.randn(1, 4, 12, 10) + 1
    norm.eval()
    moments = moments_of(x, 5) if norm.running_var is None else None
    with torch.no_grad():
        expected = norm(x)
        assert (settled(norm, moments)(x) - expected).abs().max() < 1e-5  # float32, values to 10
