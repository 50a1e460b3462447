"""The fused norm equals plain layers: values, gradients, as kernels and as formulas."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from gan.networks.fused import FusedNorm, fuse_norms, fused_norm, fused_norm_backward
from gan.networks.resnet import ResnetGenerator

CASES = [
    (n, size, affine, added, relu, padding)
    for n, size in ((1, (5, 7)), (2, (13, 11)), (3, (4, 9)))
    for affine in (False, True)
    for added in (False, True)
    for relu in (False, True)
    for padding in (0, 1, 3)
]  # fmt: skip


def plain(
    x: Tensor, residual: Tensor | None, scale: Tensor | None, shift: Tensor | None,
    relu: bool, padding: int, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Return what torch's layers give, not in channels_last: there torch 2.15 errs on CPUs."""
    y = functional.instance_norm(x.contiguous(), weight=scale, bias=shift, eps=eps)
    y = y.relu() if relu else y
    y = y if residual is None else y + residual
    return functional.pad(y, (padding,) * 4, mode="reflect")


def draw(n: int, size: tuple[int, int], affine: bool, added: bool, dtype: torch.dtype) -> list[Any]:
    torch.manual_seed(n)
    x = 3 * torch.randn(n, 3, *size, dtype=dtype) + 5
    tensors = [
        x.contiguous(memory_format=torch.channels_last),
        torch.randn_like(x) if added else None,
        *((torch.randn(3, dtype=dtype), torch.randn(3, dtype=dtype)) if affine else (None, None)),
    ]
    return [each if each is None else each.requires_grad_() for each in tensors]


def gradients(y: Tensor, inputs: Sequence[Tensor | None]) -> tuple[Tensor, ...]:
    torch.manual_seed(9)
    given = [each for each in inputs if each is not None]
    return torch.autograd.grad((y * torch.randn(y.shape, dtype=y.dtype)).sum(), given)


@pytest.mark.parametrize(("n", "size", "affine", "added", "relu", "padding"), CASES)
def test_the_formulas_equal_plain_layers(
    n: int, size: tuple[int, int], affine: bool, added: bool, relu: bool, padding: int
) -> None:
    inputs = draw(n, size, affine, added, torch.float64)
    x, residual, scale, shift = inputs
    theirs = plain(x, residual, scale, shift, relu, padding)
    ours = fused_norm(*inputs, relu, padding, 1e-5)[0]
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    for our, their in zip(gradients(ours, inputs), gradients(theirs, inputs), strict=True):
        torch.testing.assert_close(our, their, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("padding", [0, 1])
def test_gradients_equal_differences(padding: int) -> None:
    inputs = draw(2, (4, 5), True, True, torch.float64)

    def run(*tensors: Tensor) -> Tensor:
        y: Tensor = fused_norm(*tensors, True, padding, 1e-5)[0]
        return y

    assert torch.autograd.gradcheck(run, inputs)


def test_torch_accepts_the_operations() -> None:
    x, residual, scale, shift = draw(2, (4, 5), True, True, torch.float32)
    tests = ("test_schema", "test_autograd_registration", "test_faketensor")
    torch.library.opcheck(fused_norm, (x, residual, scale, shift, True, 1, 1e-5), test_utils=tests)
    y, mean, rstd = (each.detach() for each in fused_norm(x, None, None, None, True, 1, 1e-5))
    torch.library.opcheck(
        fused_norm_backward, (y, x.detach(), mean, rstd, None, None, True, 1), test_utils=tests
    )


def test_nan_is_not_hidden() -> None:
    x = torch.randn(1, 2, 4, 4)
    x[0, 0, 1, 1] = torch.nan
    y = fused_norm(x, None, None, None, True, 0, 1e-5)[0]
    assert y[0, 0].isnan().all()
    assert y[0, 1].isfinite().all()


@pytest.mark.parametrize("norm", ["instance", "instance_affine"])
@pytest.mark.parametrize("dropout", [False, True])
def test_a_generator_computes_the_same(norm: Any, dropout: bool) -> None:
    torch.manual_seed(0)
    build: Callable[[], ResnetGenerator] = lambda: ResnetGenerator(  # noqa: E731
        in_channels=3, out_channels=3, channels=4, blocks=2, norm=norm, upsample="deconv",
        dropout=dropout,
    ).double()  # fmt: skip
    network, other = build(), build()
    other.load_state_dict(network.state_dict())
    fuse_norms([other])
    if dropout:  # which elements it draws depends on their order in memory
        network, other = network.eval(), other.eval()
    assert network.state_dict().keys() == other.state_dict().keys()
    # One in each residual block's middle and end, and those of stem, down and up.
    assert sum(isinstance(module, FusedNorm) for module in other.modules()) == 2 * 2 + 5
    assert not any(type(module) is nn.ReLU for module in other.modules())
    x = torch.rand(2, 3, 18, 22, dtype=torch.float64)
    outputs = []
    for each in (network, other):
        torch.manual_seed(1)
        y = each(x)
        y.square().sum().backward()
        outputs.append([y, *(p.grad for p in each.parameters() if p.requires_grad)])
    for our, their in zip(*outputs, strict=True):
        torch.testing.assert_close(our, their, rtol=1e-9, atol=1e-11)


INTERPRETED = """
import torch
from gan.networks import kernels
from tests.networks.test_fused import CASES, draw, gradients, plain

for n, size, affine, added, relu, padding in CASES:
    inputs = draw(n, size, affine, added, torch.float32)
    x, residual, scale, shift = (None if t is None else t.detach() for t in inputs)
    y, mean, rstd = kernels.forward(x, residual, scale, shift, relu, padding, 1e-5)
    theirs = plain(*inputs, relu, padding)
    torch.testing.assert_close(y, theirs.detach(), rtol=1e-5, atol=1e-5)
    torch.manual_seed(9)
    gradient = torch.randn(theirs.shape)
    saved = kernels.Saved(x, mean, rstd)
    dx, inner, shifts, scales = kernels.backward(gradient, saved, scale, shift, relu, padding)
    ours = [dx]
    ours += [inner if padding else gradient] if added else []
    ours += [scales.sum(0), shifts.sum(0)] if affine else []
    for our, their in zip(ours, gradients(theirs, inputs), strict=True):
        torch.testing.assert_close(our, their, rtol=1e-5, atol=1e-5)

# Many tiles, and more channels than a tile has.
x = (100 + torch.randn(1, 70, 20, 20)).contiguous(memory_format=torch.channels_last)
y, _, _ = kernels.forward(x, None, None, None, False, 0, 1e-5)
exact = plain(x.double(), None, None, None, False, 0)
# A mean of 100 is known to 100 / 2**24 at best; squares less their mean would err by 1e-3.
torch.testing.assert_close(y.double(), exact, rtol=0, atol=5e-5)
x[0, 0, 1, 1] = torch.nan
y, _, _ = kernels.forward(x, None, None, None, True, 0, 1e-5)
assert y[0, 0].isnan().all() and y[0, 1].isfinite().all()
print("equal")
"""


@pytest.mark.slow
def test_interpreted_kernels_equal_plain_layers() -> None:
    """In another process: Triton decides at import whether it compiles or interprets."""
    pytest.importorskip("triton")
    done = subprocess.run(
        [sys.executable, "-c", INTERPRETED], cwd=Path(__file__).parents[2], text=True,
        env=os.environ | {"TRITON_INTERPRET": "1"}, capture_output=True, check=False, timeout=200,
    )  # fmt: skip
    assert done.stdout.strip() == "equal", done.stderr
