"""The ResNet generator of CycleGAN (Zhu et al. 2017, section 7.2), after Johnson et al. 2016."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from gan.config.choices import Downsample, Norm, Upsample
from gan.networks.antialias import BlurDown, BlurUp
from gan.networks.layers import (
    ConvBeforeNorm,
    ConvToImage,
    ReflectionPad,
    has_bias,
    norm_layer,
    run_padded,
    upsampling,
)

Convolution = Callable[[int, Norm], list[nn.Module]]
"""Function that returns the layers of a 3x3 convolution. It keeps (N, channels, H, W), and a norm
follows it."""


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a skip connection: x + branch(x), without a ReLU after the sum."""

    recompute = False
    """Whether the backward pass recomputes the branch instead of storing its activations."""
    adds_in_norm = False
    """Whether the branch's last layer adds x to its result (fused.py)."""

    def __init__(
        self, channels: int, *, norm: Norm, dropout: bool, convolution: Convolution
    ) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            *convolution(channels, norm),
            norm_layer(norm, channels),
            nn.ReLU(inplace=True),
            *([nn.Dropout(0.5)] if dropout else []),
            *convolution(channels, norm),
            norm_layer(norm, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, channels, H, W), the shape of x."""
        run = self.add_in_norm if self.adds_in_norm else self.add
        again = self.recompute and torch.is_grad_enabled()
        output: Tensor = checkpoint(run, x, use_reentrant=False) if again else run(x)
        return output

    def add(self, x: Tensor) -> Tensor:
        """Return x + branch(x), (N, channels, H, W)."""
        branch: Tensor = self.conv_block(x)
        return x + branch

    def add_in_norm(self, x: Tensor) -> Tensor:
        """Return x + branch(x), (N, channels, H, W); the branch's last layer adds x."""
        *layers, last = self.conv_block
        branch = x
        for layer in layers:
            branch = layer(branch)
        output: Tensor = last(branch, x)
        return output


class FeatureMap(NamedTuple):
    """A feature map of a generator's encoder."""

    layer: int
    """The number of layers of `model` that precede it."""
    channels: int
    stride: int
    """Pixels of the image between neighboring positions."""


class ResnetGenerator(nn.Module):
    """Downsamplings, `blocks` residual blocks, as many upsamplings; images in [-1, 1].

    The paper's has two `downsamplings`: its blocks see a quarter of the height and the width. With
    one they see half of both in half as many maps: as many multiply-adds, and finer lines.

    The indices in `model` are the reference's state_dict keys, for nine blocks:
    0-3 stem, 4-6 and 7-9 down, 10-18 residual blocks, 19-21 and 22-24 up, 25-27 head; each group is
    (padding,) convolution, norm, activation. The head has no norm. With "blur" the indices are
    those of CUT: a filter ends a downsampling and begins an upsampling.

    `feature_maps` are those that CUT compares (Park et al. 2020): the image, the output of each
    downsampling's convolution before its norm, and those of the first and the middle block. For
    nine blocks with "blur" they are its authors' layers 4, 8, 12 and 16; their layer 0 is the image
    after padding.
    """

    kernel = 7
    """The kernel size of the first and the last convolution."""

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        channels: int,
        blocks: int,
        norm: Norm,
        upsample: Upsample,
        dropout: bool,
        downsample: Downsample = "stride",
        downsamplings: int = 2,
    ) -> None:
        super().__init__()
        scales = [2**number for number in range(downsamplings)]
        self.size_multiple = coarsest = 2**downsamplings
        pad = ReflectionPad(self.kernel // 2)
        layers = [pad, self.first(in_channels, channels, norm), *_norm_relu(norm, channels)]
        maps = [FeatureMap(0, in_channels, 1)]
        for scale in scales:
            width, stride = scale * channels, 2 if downsample == "stride" else 1
            layers += self.widening(width, norm, stride)
            maps += [FeatureMap(len(layers), 2 * width, scale * stride)]
            layers += _norm_relu(norm, 2 * width)
            layers += [BlurDown(2 * width)] if downsample == "blur" else []
        # The first block and the middle one.
        ends = sorted({len(layers) + block + 1 for block in (0, blocks // 2)})
        width = coarsest * channels
        self.feature_maps = (*maps, *(FeatureMap(end, width, coarsest) for end in ends))
        layers += [
            ResidualBlock(width, norm=norm, dropout=dropout, convolution=self.keeping)
            for _ in range(blocks)
        ]
        for scale in reversed(scales):
            width = scale * channels
            layers += [*self.doubling(width, norm, upsample), *_norm_relu(norm, width)]
        pad, last = ReflectionPad(pad.amount), ConvToImage(channels, out_channels, self.kernel)
        self.model = nn.Sequential(*layers, pad, last, nn.Tanh())

    def first(self, in_channels: int, channels: int, norm: Norm) -> nn.Module:
        """Return the first convolution."""
        return ConvBeforeNorm(in_channels, channels, self.kernel, bias=has_bias(norm))

    def widening(self, width: int, norm: Norm, stride: int) -> list[nn.Module]:
        """Return a 3x3 convolution to 2 width maps, with this stride."""
        # Zero padding here, reflection elsewhere, as in the reference: its weights require it.
        return [nn.Conv2d(width, 2 * width, 3, stride, padding=1, bias=has_bias(norm))]

    def keeping(self, channels: int, norm: Norm) -> list[nn.Module]:
        """Return a 3x3 convolution of the residual blocks, which keeps (N, channels, H, W)."""
        return [ReflectionPad(1), ConvBeforeNorm(channels, channels, 3, bias=has_bias(norm))]

    def doubling(self, width: int, norm: Norm, upsample: Upsample) -> list[nn.Module]:
        """Return a convolution from 2 width maps to `width`, of twice the height and width."""
        bias = has_bias(norm)
        if upsample == "blur":
            return [BlurUp(2 * width), nn.Conv2d(2 * width, width, 3, padding=1, bias=bias)]
        return [upsampling(2 * width, width, kernel_size=3, bias=bias, upsample=upsample)]

    def forward(
        self, x: Tensor, positions: Sequence[Tensor] | None = None, *, encode_only: bool = False
    ) -> Tensor | list[Tensor]:
        """Translate (N, in_channels, H, W) to (N, out_channels, H, W).

        Without positions, H and W are any sizes from 16 up. With positions they must be multiples
        of size_multiple, and the result is a list: the translation, then the features of each map
        at its own positions, (N, S, C). With encode_only the list holds only the features.
        """
        if positions is None:
            return run_padded(self.model, x, self.size_multiple)
        return translate_and_encode(self.model, self.feature_maps, x, positions, encode_only)


def translate_and_encode(
    model: nn.Sequential,
    maps: Sequence[FeatureMap],
    x: Tensor,
    positions: Sequence[Tensor],
    encode_only: bool,
) -> list[Tensor]:
    """Return the translation, then the features of each map at positions.

    Positions are indices (S,) in row-major order; features are (N, S, C). Whole maps are not
    returned, since autocast would convert them to float32. With encode_only, the layers after the
    last map are not computed and the list holds the features only. H and W must be multiples of
    size_multiple.
    """
    wanted = dict(zip((at.layer for at in maps), positions, strict=True))
    found: list[Tensor] = []
    for done, layer in enumerate(model):
        if done in wanted:
            found.append(x.flatten(2).index_select(2, wanted[done]).transpose(1, 2))
        if encode_only and len(found) == len(wanted):
            return found
        x = layer(x)
    return [x, *found]


def recompute_blocks(networks: Iterable[nn.Module]) -> None:
    """Save memory: let residual blocks recompute activations (checkpointing; Chen et al. 2016)."""
    blocks = (module for network in networks for module in network.modules())
    for block in blocks:
        if isinstance(block, ResidualBlock):
            block.recompute = True


def _norm_relu(norm: Norm, channels: int) -> list[nn.Module]:
    """Return a norm and a ReLU."""
    # Without a norm, an in-place ReLU would change the convolution's output, a feature map.
    return [norm_layer(norm, channels), nn.ReLU(inplace=norm != "none")]
