"""Instance norm, ReLU, addition and reflection padding as one operation: train.fused.

On NVIDIA GPUs, the Triton kernels in kernels.py read and write each feature map once for all four.
Other devices compute the same formulas step by step. That is slower than the plain layers and only
serves to check results.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.library import custom_op

from gan.networks.layers import InstanceNorm, ReflectionPad, in_own_precision, reflect
from gan.networks.resnet import ResidualBlock


class FusedNorm(InstanceNorm):
    """An instance norm, then a ReLU, an addition and a reflection padding."""

    def __init__(self, norm: InstanceNorm, *, relu: bool, padding: int) -> None:
        """Use the parameters of `norm`. padding: pixels on all four sides."""
        super().__init__(norm.num_features, norm.eps, affine=norm.affine)
        self.weight, self.bias = norm.weight, norm.bias
        self.relu, self.padding = relu, padding

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """Return (N, C, H + 2 padding, W + 2 padding) in the precision of x.

        residual has the shape of x and is added after the ReLU.
        """

        def run(x: Tensor) -> Tensor:
            other = None if residual is None else residual.to(x.dtype)
            switches = self.relu, self.padding, self.eps
            y: Tensor
            y, _, _ = fused_norm(x, other, self.weight, self.bias, *switches)
            return y

        return in_own_precision(run, x)


def fuse_norms(networks: Iterable[nn.Module]) -> None:
    """Fuse each instance norm of ResNet generators with the layers after it, in place.

    Names of parameters do not change. Results do not change, up to rounding.
    """
    for network in networks:
        for module in list(network.modules()):
            if isinstance(module, nn.Sequential):
                _fuse(module)
            if isinstance(module, ResidualBlock) and isinstance(module.conv_block[-1], FusedNorm):
                module.adds_in_norm = True


def _fuse(layers: nn.Sequential) -> None:
    for index, norm in enumerate(layers):
        if type(norm) is not InstanceNorm:
            continue
        after = [*layers[index + 1 : index + 3], None, None]
        relu = isinstance(after[0], nn.ReLU)
        padded = relu and isinstance(after[1], ReflectionPad)
        layers[index] = FusedNorm(norm, relu=relu, padding=after[1].amount if padded else 0)
        for replaced in range(index + 1, index + 1 + relu + padded):
            layers[replaced] = nn.Identity()


@custom_op("gan::fused_norm", mutates_args=())
def fused_norm(
    x: Tensor, residual: Tensor | None, scale: Tensor | None, shift: Tensor | None,
    relu: bool, padding: int, eps: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Return reflect(relu(scale (x - mean) / deviation + shift) + residual), means, 1 / deviations.

    x and residual are (N, C, H, W); scale and shift are (C,) or None. Each map has its own mean and
    deviation (Ulyanov et al. 2016); they are returned as (N, C). relu: whether the ReLU is applied.
    padding: pixels on each side, fewer than H and W. eps is added to the variance. Half types are
    computed in float32.
    """
    if x.is_cuda:
        from gan.networks import kernels

        return kernels.forward(x, residual, scale, shift, relu, padding, eps)
    values = _wide(x)
    mean = values.mean((2, 3))
    apart = values - mean[:, :, None, None]
    rstd = (apart.square().mean((2, 3)) + eps).rsqrt()
    result = _affine(apart * rstd[:, :, None, None], scale, shift)
    result = result.relu() if relu else result
    result = result if residual is None else result + residual
    padded = reflect(reflect(result, -2, padding, padding), -1, padding, padding)
    return padded.to(x.dtype).contiguous(memory_format=torch.channels_last), mean, rstd


@custom_op("gan::fused_norm_backward", mutates_args=())
def fused_norm_backward(
    gradient: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, scale: Tensor | None,
    shift: Tensor | None, relu: bool, padding: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """Return gradients of x and of the unpadded result, and sums (N, C) for shift and scale.

    gradient is that of the result. All other arguments are those of fused_norm, or its results.
    Without padding the second gradient is empty, because it equals `gradient`.
    """
    if x.is_cuda:
        from gan.networks import kernels

        return kernels.backward(gradient, kernels.Saved(x, mean, rstd), scale, shift, relu, padding)
    inner = _unreflect(_unreflect(_wide(gradient), 2, padding), 3, padding)
    unit = (_wide(x) - mean[:, :, None, None]) * rstd[:, :, None, None]
    total = torch.where(_affine(unit, scale, shift) <= 0, 0, inner) if relu else inner
    shifts, scales = total.sum((2, 3)), (total * unit).sum((2, 3))
    pixels = x.shape[2] * x.shape[3]
    dx = total - (shifts[:, :, None, None] + unit * scales[:, :, None, None]) / pixels
    factor = rstd if scale is None else rstd * scale
    whole = inner.to(gradient.dtype) if padding else gradient.new_empty(0)
    return (dx * factor[:, :, None, None]).to(x.dtype), whole, shifts, scales


def _wide(x: Tensor) -> Tensor:
    """Return half types as float32, others unchanged."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def _affine(x: Tensor, scale: Tensor | None, shift: Tensor | None) -> Tensor:
    if scale is None or shift is None:
        return x
    return x * scale[:, None, None] + shift[:, None, None]


def _unreflect(x: Tensor, dim: int, padding: int) -> Tensor:
    """Remove a reflection padding; add its gradients to the pixels that it mirrors."""
    if not padding:
        return x
    size = x.shape[dim] - 2 * padding
    inner = x.narrow(dim, padding, size).clone()
    inner.narrow(dim, 1, padding).add_(x.narrow(dim, 0, padding).flip(dim))
    behind = x.narrow(dim, padding + size, padding).flip(dim)
    inner.narrow(dim, size - 1 - padding, padding).add_(behind)
    return inner


# What torch needs to know of both: shapes for compiling, and the gradient


@fused_norm.register_fake
def _(x, residual, scale, shift, relu, padding, eps):  # type: ignore[no-untyped-def]
    n, c, height, width = x.shape
    y = x.new_empty((n, c, height + 2 * padding, width + 2 * padding))
    mean = _wide(x.new_empty((n, c)))
    return y.to(memory_format=torch.channels_last), mean, torch.empty_like(mean)


@fused_norm_backward.register_fake
def _(gradient, x, mean, rstd, scale, shift, relu, padding):  # type: ignore[no-untyped-def]
    inner = torch.empty_like(x) if padding else gradient.new_empty(0)
    return torch.empty_like(x), inner, torch.empty_like(mean), torch.empty_like(mean)


def _save(ctx, inputs, output):  # type: ignore[no-untyped-def]
    x, residual, scale, shift, ctx.relu, ctx.padding, _ = inputs
    ctx.added = residual is not None
    ctx.save_for_backward(x, output[1], output[2], scale, shift)


def _backward(ctx, gradient, *_):  # type: ignore[no-untyped-def]
    x, mean, rstd, scale, shift = ctx.saved_tensors
    dx, inner, shifts, scales = fused_norm_backward(
        gradient, x, mean, rstd, scale, shift, ctx.relu, ctx.padding
    )
    residual = (inner if ctx.padding else gradient) if ctx.added else None
    trained = scale is not None
    return (
        dx, residual, scales.sum(0).to(scale.dtype) if trained else None,
        shifts.sum(0).to(shift.dtype) if trained else None, None, None, None,
    )  # fmt: skip


fused_norm.register_autograd(_backward, setup_context=_save)
