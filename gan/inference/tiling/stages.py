"""A ResNet generator as stages: layers up to a convolution, then what treats pixels alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from gan.inference.tiling.local import (
    Blur,
    Convolution,
    Local,
    Mirror,
    Nearest,
    Pointwise,
    Transposed,
)
from gan.inference.tiling.norms import Moments, Norm, needs_moments, settled
from gan.networks.antialias import BlurDown, BlurUp
from gan.networks.layers import ReflectionPad
from gan.networks.resnet import ResidualBlock, ResnetGenerator

POINTWISE = (nn.Identity, nn.ReLU, nn.Tanh, nn.Dropout)


@dataclass(frozen=True)
class Stage:
    """Layers that end in a convolution of `channels`, its norm if any, pointwise layers."""

    spatial: tuple[Local, ...]
    channels: int
    norm: Norm | None
    pointwise: tuple[Local, ...]

    @property
    def needs_moments(self) -> bool:
        """Whether the norm asks for statistics of the whole picture, rather than running ones."""
        return self.norm is not None and needs_moments(self.norm)

    def settled(self, moments: Moments | None) -> tuple[Local, ...]:
        """What follows the convolution, once the statistics that it needs are known."""
        if self.norm is None:
            return self.pointwise
        return (Pointwise(settled(self.norm, moments)), *self.pointwise)


@dataclass(frozen=True)
class Stages:
    """A generator: to a quarter of the resolution, residual branches there, and back."""

    down: tuple[Stage, ...]
    branches: tuple[tuple[Stage, ...], ...]
    up: tuple[Stage, ...]

    @property
    def channels(self) -> int:
        """The channels of the residual blocks."""
        return self.down[-1].channels

    @property
    def passes(self) -> int:
        """Passes over the picture: for each norm's statistics, each map in a file, the output."""
        wide = [*self.down[:-1], *self.up]
        stored = 1 + sum(map(len, self.branches))
        return sum(stage.needs_moments for stage in wide) + stored + 1


def split(network: nn.Module, *, transposed: bool = False) -> Stages:
    """Take a ResNet generator in eval mode apart; `transposed` is for pictures on their side.

    ValueError for other networks: the U-Net's innermost levels see the whole picture.
    """
    if not isinstance(network, ResnetGenerator):
        raise ValueError(
            f"{type(network).__name__}: cannot be run in tiles, only the ResNet generators can: "
            "between two norms they see a few pixels, where the U-Net sees the whole picture"
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
    for layer in _flat(layers):
        if isinstance(layer, Norm):
            assert [*spatial, *stages[-1].pointwise] == [], "a norm right after its convolution"
            stages[-1] = Stage(stages[-1].spatial, stages[-1].channels, layer, ())
        elif isinstance(layer, POINTWISE):
            assert not spatial, "pointwise layers after a convolution"
            last = stages[-1]
            pointwise = (*last.pointwise, Pointwise(layer))
            stages[-1] = Stage(last.spatial, last.channels, last.norm, pointwise)
        else:
            if isinstance(layer, BlurDown):
                spatial.append(as_local(layer.pad, transposed))
            spatial.append(as_local(layer, transposed))
            if isinstance(layer, BlurDown):  # a convolution, too
                stages.append(Stage(tuple(spatial), len(layer.filt), None, ()))
                spatial = []
            elif isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                stages.append(Stage(tuple(spatial), layer.out_channels, None, ()))
                spatial = []
    assert not spatial, "a convolution at the end"
    return tuple(stages)


def _flat(layers: Iterable[nn.Module]) -> Iterator[nn.Module]:
    for layer in layers:
        if isinstance(layer, nn.Sequential):
            yield from _flat(layer)
        else:
            yield layer


def as_local(layer: nn.Module, transposed: bool) -> Local:
    """Turn a layer of `model` that is not pointwise into one that runs on lines."""
    if isinstance(layer, ReflectionPad):
        return Mirror(*[layer.amount] * 4)
    if isinstance(layer, nn.Upsample):
        return Nearest(int(layer.scale_factor))  # type: ignore[arg-type]
    if isinstance(layer, BlurUp):
        return Blur(layer.filt.transpose(2, 3) if transposed else layer.filt)
    if isinstance(layer, BlurDown):
        filt = layer.filt.transpose(2, 3) if transposed else layer.filt
        return Convolution(filt, None, (2, 2), (0, 0), groups=len(filt))
    assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d), f"{layer} in a ResNet generator"
    assert layer.padding_mode == "zeros"
    assert {layer.groups, *layer.dilation} == {1}
    assert not isinstance(layer.padding, str)
    weight = layer.weight.transpose(2, 3) if transposed else layer.weight
    weight = weight.contiguous(memory_format=torch.channels_last)
    stride, padding = _turned(layer.stride, transposed), _turned(layer.padding, transposed)
    if isinstance(layer, nn.ConvTranspose2d):
        output_padding = _turned(layer.output_padding, transposed)
        return Transposed(weight, layer.bias, stride, padding, output_padding)
    return Convolution(weight, layer.bias, stride, padding)


def _turned(pair: Sequence[int], transposed: bool) -> tuple[int, ...]:
    return tuple(reversed(pair)) if transposed else tuple(pair)
