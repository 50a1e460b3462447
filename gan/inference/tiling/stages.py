"""Split a ResNet generator into stages: a convolution, its norm and pointwise layers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn import functional

from gan.inference.tiling.local import Local
from gan.inference.tiling.norms import Moments, Norm, settled
from gan.networks.antialias import BlurDown, BlurUp
from gan.networks.layers import ReflectionPad
from gan.networks.resnet import ResidualBlock, ResnetGenerator

POINTWISE = (nn.Identity, nn.ReLU, nn.Tanh, nn.Dropout)


@dataclass(frozen=True)
class Stage:
    """Layers up to a convolution with `channels` outputs, its norm or None, pointwise layers."""

    spatial: tuple[Local, ...]
    channels: int
    norm: Norm | None
    pointwise: tuple[Local, ...]

    @property
    def needs_moments(self) -> bool:
        """Whether the norm needs statistics of the whole image, because it has no running ones."""
        return self.norm is not None and self.norm.running_mean is None

    def settled(self, moments: Moments | None) -> tuple[Local, ...]:
        """Return the layers after the convolution, given the moments that its norm needs."""
        if self.norm is None:
            return self.pointwise
        return (Local(settled(self.norm, moments)), *self.pointwise)


@dataclass(frozen=True)
class Stages:
    """A generator: stages down to a quarter of the resolution, residual branches, stages up."""

    down: tuple[Stage, ...]
    branches: tuple[tuple[Stage, ...], ...]
    up: tuple[Stage, ...]

    @property
    def channels(self) -> int:
        """The channels of the residual blocks."""
        return self.down[-1].channels

    @property
    def passes(self) -> int:
        """Number of passes: one for each norm's statistics, each map in a file, and the output."""
        stored = 1 + sum(map(len, self.branches))
        return sum(stage.needs_moments for stage in (*self.down[:-1], *self.up)) + stored + 1


def split(network: nn.Module, *, transposed: bool = False) -> Stages:
    """Split a ResNet generator in eval mode into stages; `transposed` swaps lines and columns.

    ValueError for other networks: the U-Net's innermost levels depend on the whole image.
    """
    if not isinstance(network, ResnetGenerator):
        raise ValueError(
            f"{type(network).__name__}: cannot be run in tiles; only ResNet generators can, "
            "because between two norms a pixel depends on only a few others"
        )
    if network.training:
        raise ValueError("a network in train mode cannot be run in tiles: call eval() first")
    layers = list(network.model)
    blocks = [index for index, layer in enumerate(layers) if isinstance(layer, ResidualBlock)]
    branches = [layer.conv_block for layer in layers if isinstance(layer, ResidualBlock)]
    assert blocks == list(range(blocks[0], blocks[-1] + 1)), "residual blocks in one row"
    return Stages(
        down=_stages(layers[: blocks[0]], transposed),
        branches=tuple(_stages(branch, transposed) for branch in branches),
        up=_stages(layers[blocks[-1] + 1 :], transposed),
    )


def _stages(layers: Iterable[nn.Module], transposed: bool) -> tuple[Stage, ...]:
    stages: list[Stage] = []
    spatial: list[Local] = []
    # Upsampling is a nested Sequential.
    parts = (layer if isinstance(layer, nn.Sequential) else [layer] for layer in layers)
    for layer in chain.from_iterable(parts):
        if isinstance(layer, Norm):
            assert [*spatial, *stages[-1].pointwise] == [], "a norm right after its convolution"
            stages[-1] = replace(stages[-1], norm=layer)
        elif isinstance(layer, POINTWISE):
            assert not spatial, "pointwise layers after a convolution"
            stages[-1] = replace(stages[-1], pointwise=(*stages[-1].pointwise, Local(layer)))
        else:
            if isinstance(layer, BlurDown):
                spatial.append(as_local(layer.pad, transposed))
            spatial.append(as_local(layer, transposed))
            if isinstance(layer, BlurDown | nn.Conv2d | nn.ConvTranspose2d):
                # A blur filter is a convolution, too.
                channels = len(layer.filt) if isinstance(layer, BlurDown) else layer.out_channels
                stages.append(Stage(tuple(spatial), channels, None, ()))
                spatial = []
    assert not spatial, "a convolution at the end"
    return tuple(stages)


def as_local(layer: nn.Module, transposed: bool) -> Local:
    """Return a layer of a generator, other than a pointwise one, as a `Local`.

    `transposed` swaps lines and columns; it does not mean a transposed convolution.
    """
    if isinstance(layer, ReflectionPad):
        return mirror(*[layer.amount] * 4)
    if isinstance(layer, nn.Upsample):
        factor = int(layer.scale_factor)  # type: ignore[arg-type]
        return Local(layer, factor, factor, grows=True)
    if isinstance(layer, BlurUp | BlurDown):
        filt = layer.filt.transpose(2, 3) if transposed else layer.filt
        if isinstance(layer, BlurDown):
            return _convolution(filt, None, (2, 2), (0, 0), groups=len(filt))
        blur = partial(functional.conv_transpose2d, weight=filt, stride=2, groups=len(filt))
        return Local(
            lambda x: blur(x, padding=(0, 3)).float(), 4, 2, (1, 1, 1, 1), "replicate",
            grows=True, cropped=3,
        )  # fmt: skip
    assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d), f"{layer} in a ResNet generator"
    assert layer.padding_mode == "zeros"
    assert set(layer.dilation) == {1}
    assert not isinstance(layer.padding, str)
    weight = layer.weight.transpose(2, 3) if transposed else layer.weight
    weight = weight.contiguous(memory_format=torch.channels_last)
    stride, padding = _turned(layer.stride, transposed), _turned(layer.padding, transposed)
    if isinstance(layer, nn.ConvTranspose2d):
        tail = _turned(layer.output_padding, transposed)
        grow = partial(
            functional.conv_transpose2d, weight=weight, bias=layer.bias, stride=stride,
            padding=(0, padding[1]), output_padding=tail, groups=layer.groups,
        )  # fmt: skip
        return Local(
            lambda x: grow(x).float(), weight.shape[2], stride[0],
            grows=True, cropped=padding[0], tail=tail[0],
        )  # fmt: skip
    return _convolution(weight, layer.bias, stride, padding, layer.groups)


def mirror(left: int, right: int, top: int, bottom: int) -> Local:
    """Return reflection padding by these amounts."""
    return Local(nn.Identity(), padding=(left, right, top, bottom), mode="reflect")


def _convolution(
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    groups: int = 1,
) -> Local:
    convolve = partial(
        functional.conv2d, weight=weight, bias=bias, stride=stride,
        padding=(0, padding[1]), groups=groups,
    )  # fmt: skip
    # Autocast's outputs have half precision, which is too little for statistics.
    return Local(
        lambda x: convolve(x).float(), weight.shape[2], stride[0], (0, 0, padding[0], padding[0])
    )


def _turned(pair: Sequence[int], transposed: bool) -> tuple[int, ...]:
    return tuple(reversed(pair)) if transposed else tuple(pair)
