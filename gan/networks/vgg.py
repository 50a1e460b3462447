"""An autoencoder: the first convolutions of VGG-16, frozen, and a decoder that is trained.

The decoder of Li et al. 2017, "Universal style transfer via feature transforms", for `gan stylize
--method wct`. Level l is the feature map relu{l}_1 of Simonyan and Zisserman 2015. Edges are
mirrored, where the classifier pads with zeros: a decoder would otherwise show a frame.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, max_pool2d, relu

from gan.networks.layers import ConvToImage, NearestUpsample, ReflectionPad, run_padded

BLOCKS = ((1, 2), (2, 2), (4, 3), (8, 3))
"""Of each block of VGG-16: its width, relative to the first one's, and its convolutions."""
CHANNELS = 64
"""Width of VGG-16's first block."""
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet's red, green and blue, in [0, 1]."""


class Decoding(NamedTuple):
    """The decoder's outputs for the feature maps of one level."""

    picture: Tensor
    """(N, out_channels, H, W), in about [-1, 1]."""
    inner: list[Tensor]
    """The outputs of the stages before it, which stand for the feature maps of levels 1, 2, ..."""
    seen: list[Tensor]
    """The feature maps of the picture itself, of levels 1, 2, ..., the deepest."""


class FrozenConv(nn.Module):
    """A 3x3 convolution with mirrored edges, whose weights are buffers.

    So neither an optimizer nor a draw of initial weights changes them.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.pad = ReflectionPad(1)
        self.register_buffer("weight", torch.zeros(out_channels, in_channels, 3, 3))
        self.register_buffer("bias", torch.zeros(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, h, w) to (N, out_channels, h, w)."""
        return conv2d(self.pad(x), self.weight, self.bias)


class Encoder(nn.Module):
    """VGG-16 up to the first convolution of a block. Tensors have torchvision's names.

    All weights are 0 until they are loaded.
    """

    def __init__(self, channels: int, levels: int) -> None:
        super().__init__()
        self.features = nn.ModuleDict()
        self.blocks: list[list[str]] = []
        index, width = 0, 3
        for factor, count in BLOCKS[:levels]:
            self.blocks.append([])
            for _ in range(count if len(self.blocks) < levels else 1):
                self.blocks[-1].append(str(index))
                self.features[str(index)] = FrozenConv(width, factor * channels)
                index, width = index + 2, factor * channels  # a ReLU follows
            index += 1  # and the pooling

    def forward(self, x: Tensor, level: int) -> list[Tensor]:
        """Map normalized images (N, 3, H, W) to the feature maps of levels 1 to `level`."""
        found: list[Tensor] = []
        for block in self.blocks[:level]:
            if found:
                x = max_pool2d(x, 2)
            for number, name in enumerate(block):
                x = relu(self.features[name](x))
                if number == 0:
                    found.append(x)
                    if len(found) == level:
                        return found
        return found


class VggAutoencoder(nn.Module):
    """Encodes images by a frozen VGG-16, and decodes any level's feature maps.

    Every stage of the decoder mirrors one block of the encoder: convolutions in reverse order, and
    nearest-neighbor upsampling in place of pooling. Since each stage returns the feature maps of a
    level, one decoder serves all levels: its last stages decode any of them (blockwise training;
    Chiu and Gurari 2021, "PhotoWCT2", Sec. 3.1).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, *, in_channels: int, out_channels: int, channels: int, levels: int) -> None:
        """channels is the width of the first block, 64 in VGG-16; levels, the deepest level."""
        super().__init__()
        self.levels, self.size_multiple = levels, 2 ** (levels - 1)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))
        self.encoder = Encoder(channels, levels)
        self.stages = nn.ModuleList(
            [nn.Sequential(ReflectionPad(1), ConvToImage(channels, out_channels, 3))]
        )
        for (out, count), (wide, _) in pairwise(BLOCKS[:levels]):
            self.stages.append(_stage(wide * channels, out * channels, count - 1))

    def encode(self, images: Tensor, level: int) -> list[Tensor]:
        """Return the feature maps of levels 1 to `level` of images (N, 3 or 1, H, W) in [-1, 1].

        Gray is repeated. Level l is (N, C, h, w) with h = H / 2^(l - 1), rounded down.
        """
        found: list[Tensor] = self.encoder(((images + 1) / 2 - self.mean) / self.std, level)
        return found

    def decode(self, maps: Tensor, level: int) -> list[Tensor]:
        """Return the outputs of the stages from `level` down to 1; the last is the picture.

        maps are (N, C, h, w); the picture is (N, out_channels, 2^(level - 1) h, 2^(level - 1) w) in
        about [-1, 1].
        """
        made: list[Tensor] = []
        for stage in reversed(range(level)):
            maps = self.stages[stage](maps)
            made.append(maps)
        return made

    def forward(
        self, images: Tensor, levels: Sequence[int] = ()
    ) -> Tensor | tuple[list[Tensor], list[Decoding]]:
        """Reconstruct images (N, in_channels, H, W) in [-1, 1], from the deepest level.

        The result is (N, out_channels, H, W) in [-1, 1]. H and W may be any sizes from 16 up. With
        `levels`, they must be multiples of size_multiple, and the result is the images' own feature
        maps, of levels 1 to the deepest, and what is decoded from each of `levels`.
        """
        if not levels:
            deepest = self.levels
            return run_padded(
                lambda x: self.decode(self.encode(x, deepest)[-1], deepest)[-1].clamp(-1, 1),
                images,
                self.size_multiple,
            )
        with torch.no_grad():
            maps = self.encode(images, self.levels)
        return maps, [self._decoding(maps[level - 1], level) for level in levels]

    def _decoding(self, maps: Tensor, level: int) -> Decoding:
        *inner, picture = self.decode(maps, level)
        return Decoding(picture, inner[::-1], self.encode(picture, self.levels))


def _stage(channels: int, out: int, convolutions: int) -> nn.Sequential:
    """Return a stage that maps (N, channels, h, w) to (N, out, 2h, 2w)."""
    layers = [*_convolution(channels, out), nn.ReLU(), NearestUpsample(scale_factor=2)]
    for _ in range(convolutions):
        layers += [*_convolution(out, out), nn.ReLU()]
    return nn.Sequential(*layers)


def _convolution(channels: int, out: int) -> list[nn.Module]:
    return [ReflectionPad(1), nn.Conv2d(channels, out, 3)]
