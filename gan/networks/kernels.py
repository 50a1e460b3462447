# ruff: noqa: N803
# mypy: disable-error-code="no-untyped-def, untyped-decorator, import-untyped"
"""Triton kernels for fused.py: (N, C, H, W) in channels_last, on NVIDIA GPUs.

Each program computes a tile of PIXELS pixels by CHANNELS channels and writes its own results. Sums
over tiles are added afterwards in a fixed order, so results are deterministic.
"""

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

PIXELS = 128
"""Pixels in a tile. With 64 channels in float32, a tile fills 64 registers of a thread."""


class Saved(NamedTuple):
    """Tensors for the backward pass: the input, and mean and 1 / deviation of its maps, (N, C)."""

    x: Tensor
    mean: Tensor
    rstd: Tensor


def forward(
    x: Tensor, residual: Tensor | None, scale: Tensor | None, shift: Tensor | None,
    relu: bool, padding: int, eps: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Return the result of fused_norm, and the means and 1 / deviations, (N, C) in float32."""
    x = _by_pixel(x)
    n, c, height, width = x.shape
    grid, block = _tiles(n, height * width, c)
    parts = x.new_empty((2, n, grid[1], c), dtype=torch.float32)
    _moments[grid](x, parts[0], parts[1], height * width, c, PIXELS=PIXELS, CHANNELS=block)
    mean, rstd = _merge(parts[0], parts[1], height * width, eps)
    padded = height + 2 * padding, width + 2 * padding
    y = torch.empty((n, c, *padded), dtype=x.dtype, device=x.device).to(
        memory_format=torch.channels_last
    )
    grid, block = _tiles(n, padded[0] * padded[1], c)
    _apply[grid](
        x, x if residual is None else _by_pixel(residual), mean, rstd,
        x if scale is None else scale, x if shift is None else shift, y, height, width, c,
        PADDING=padding, RELU=relu, AFFINE=scale is not None, ADDED=residual is not None,
        PIXELS=PIXELS, CHANNELS=block,
    )  # fmt: skip
    return y, mean, rstd


def backward(
    gradient: Tensor, saved: Saved, scale: Tensor | None, shift: Tensor | None,
    relu: bool, padding: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """Return gradients of x and of the unpadded result, and sums (N, C) for shift and scale.

    Without padding the second gradient is empty, because it equals `gradient`.
    """
    x, mean, rstd = saved
    x, gradient = _by_pixel(x), _by_pixel(gradient)
    n, c, height, width = x.shape
    grid, block = _tiles(n, height * width, c)
    inner = torch.empty_like(x, dtype=gradient.dtype) if padding else gradient
    parts = x.new_empty((2, n, grid[1], c), dtype=torch.float32)
    affine = x if scale is None else scale, x if shift is None else shift
    switches = {"RELU": relu, "AFFINE": scale is not None, "PIXELS": PIXELS, "CHANNELS": block}
    _reduce[grid](
        gradient, x, mean, rstd, *affine, inner, parts[0], parts[1], height, width, c,
        PADDING=padding, **switches,
    )  # fmt: skip
    shifts, scales = parts.sum(2)
    dx = torch.empty_like(x)
    _spread[grid](inner, x, mean, rstd, *affine, shifts, scales, dx, height * width, c, **switches)
    return dx, inner if padding else gradient.new_empty(0), shifts, scales


def _by_pixel(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def _tiles(images: int, pixels: int, channels: int) -> tuple[tuple[int, int, int], int]:
    """Return the grid of programs, and the number of channels in a tile."""
    block = min(64, triton.next_power_of_2(channels))
    return (images, triton.cdiv(pixels, PIXELS), triton.cdiv(channels, block)), block


def _merge(means: Tensor, squares: Tensor, pixels: int, eps: float) -> tuple[Tensor, Tensor]:
    """Return mean and 1 / deviation, (N, C), from tiles' means and squared distances (N, T, C).

    Chan et al. 1979, "Updating formulae and a pairwise algorithm", equation 2.1: no cancellation.
    """
    counts = torch.full((means.shape[1], 1), PIXELS, dtype=means.dtype, device=means.device)
    counts[-1] = pixels - PIXELS * (means.shape[1] - 1)
    mean = (means * counts).sum(1) / pixels
    apart = ((means - mean[:, None]).square() * counts).sum(1)
    return mean, ((squares.sum(1) + apart) / pixels + eps).rsqrt()


@triton.jit
def _moments(x, means, squares, pixels, channels, PIXELS: tl.constexpr, CHANNELS: tl.constexpr):
    """Write the mean of each tile, and its sum of squared distances from that mean."""
    n, tile = tl.program_id(0).to(tl.int64), tl.program_id(1)
    p = tile * PIXELS + tl.arange(0, PIXELS)
    c = tl.program_id(2) * CHANNELS + tl.arange(0, CHANNELS)
    inside = (p < pixels)[:, None] & (c < channels)[None, :]
    values = tl.load(x + (n * pixels + p)[:, None] * channels + c[None, :], inside, other=0.0)
    values = values.to(tl.float32)
    mean = tl.sum(values, 0) / tl.minimum(PIXELS, pixels - tile * PIXELS)
    apart = tl.where(inside, values - mean[None, :], 0.0)
    at = (n * tl.num_programs(1) + tile) * channels + c
    tl.store(means + at, mean, c < channels)
    tl.store(squares + at, tl.sum(apart * apart, 0), c < channels)


@triton.jit
def _normalized(x, mean, rstd, scale, shift, n, offsets, inside, c, channels, AFFINE: tl.constexpr):
    """Return x's normalized tile, without and with scale and shift, and its gradient's factor."""
    some = c < channels
    deviation = tl.load(rstd + n * channels + c, some, other=0.0)
    values = tl.load(x + offsets, inside, other=0.0).to(tl.float32)
    unit = (values - tl.load(mean + n * channels + c, some, other=0.0)[None, :]) * deviation[
        None, :
    ]
    if AFFINE:
        factor = tl.load(scale + c, some, other=0.0).to(tl.float32)
        moved = unit * factor[None, :] + tl.load(shift + c, some, other=0.0).to(tl.float32)[None, :]
        return unit, moved, deviation * factor
    return unit, unit, deviation


@triton.jit
def _apply(
    x, residual, mean, rstd, scale, shift, y, height, width, channels,
    PADDING: tl.constexpr, RELU: tl.constexpr, AFFINE: tl.constexpr, ADDED: tl.constexpr,
    PIXELS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """Write the padded result; pixels of the padding get the value that they mirror."""
    n = tl.program_id(0).to(tl.int64)
    p = tl.program_id(1) * PIXELS + tl.arange(0, PIXELS)
    c = tl.program_id(2) * CHANNELS + tl.arange(0, CHANNELS)
    wide, count = width + 2 * PADDING, (height + 2 * PADDING) * (width + 2 * PADDING)
    inside = (p < count)[:, None] & (c < channels)[None, :]
    row = height - 1 - tl.abs(height - 1 - tl.abs(p // wide - PADDING))
    column = width - 1 - tl.abs(width - 1 - tl.abs(p % wide - PADDING))
    offsets = ((n * height + row) * width + column)[:, None] * channels + c[None, :]
    _, result, _ = _normalized(x, mean, rstd, scale, shift, n, offsets, inside, c, channels, AFFINE)
    if RELU:
        result = tl.where(result <= 0.0, 0.0, result)  # keeps NaN, as torch does
    if ADDED:
        result += tl.load(residual + offsets, inside, other=0.0).to(tl.float32)
    tl.store(y + (n * count + p)[:, None] * channels + c[None, :], result, inside)


@triton.jit
def _mirrored(position, size, PADDING: tl.constexpr, SIDE: tl.constexpr):
    """Return the position of a pixel's gradient in the padded image, and whether it exists.

    SIDE 0 is the pixel itself, 1 its mirror image before the image, 2 the one after the image.
    """
    if SIDE == 0:
        return position + PADDING, position >= 0
    if SIDE == 1:
        return PADDING - position, (position >= 1) & (position <= PADDING)
    last = size - 1
    return 2 * last - position + PADDING, (position >= last - PADDING) & (position < last)


@triton.jit
def _reduce(
    gradient, x, mean, rstd, scale, shift, inner, shifts, scales, height, width, channels,
    PADDING: tl.constexpr, RELU: tl.constexpr, AFFINE: tl.constexpr,
    PIXELS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """Write gradients without padding (the padding's are added), and each tile's two sums."""
    n, tile = tl.program_id(0).to(tl.int64), tl.program_id(1)
    p = tile * PIXELS + tl.arange(0, PIXELS)
    c = tl.program_id(2) * CHANNELS + tl.arange(0, CHANNELS)
    inside = (p < height * width)[:, None] & (c < channels)[None, :]
    offsets = (n * height * width + p)[:, None] * channels + c[None, :]
    total = tl.zeros((PIXELS, CHANNELS), tl.float32)
    for i in tl.static_range(3 if PADDING else 1):
        row, there = _mirrored(p // width, height, PADDING, i)
        for j in tl.static_range(3 if PADDING else 1):
            column, also = _mirrored(p % width, width, PADDING, j)
            at = (n * (height + 2 * PADDING) + row) * (width + 2 * PADDING) + column
            found = inside & (there & also)[:, None]
            part = tl.load(gradient + at[:, None] * channels + c[None, :], found, other=0.0)
            total += part.to(tl.float32)
    if PADDING:
        tl.store(inner + offsets, total, inside)
    unit, result, _ = _normalized(
        x, mean, rstd, scale, shift, n, offsets, inside, c, channels, AFFINE
    )
    if RELU:
        total = tl.where(result <= 0.0, 0.0, total)
    total = tl.where(inside, total, 0.0)
    at = (n * tl.num_programs(1) + tile) * channels + c
    tl.store(shifts + at, tl.sum(total, 0), c < channels)
    tl.store(scales + at, tl.sum(total * unit, 0), c < channels)


@triton.jit
def _spread(
    inner, x, mean, rstd, scale, shift, shifts, scales, dx, pixels, channels,
    RELU: tl.constexpr, AFFINE: tl.constexpr, PIXELS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    """Write the gradient of x for each map: Ioffe and Szegedy 2015, section 3."""
    n = tl.program_id(0).to(tl.int64)
    p = tl.program_id(1) * PIXELS + tl.arange(0, PIXELS)
    c = tl.program_id(2) * CHANNELS + tl.arange(0, CHANNELS)
    inside = (p < pixels)[:, None] & (c < channels)[None, :]
    offsets = (n * pixels + p)[:, None] * channels + c[None, :]
    unit, result, factor = _normalized(
        x, mean, rstd, scale, shift, n, offsets, inside, c, channels, AFFINE
    )
    total = tl.load(inner + offsets, inside, other=0.0).to(tl.float32)
    if RELU:
        total = tl.where(result <= 0.0, 0.0, total)
    at, some = n * channels + c, c < channels
    total -= tl.load(shifts + at, some, other=0.0)[None, :] / pixels
    total -= unit * tl.load(scales + at, some, other=0.0)[None, :] / pixels
    tl.store(dx + offsets, total * factor[None, :], inside)
