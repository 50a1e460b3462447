"""A generator that takes the style of a second image, by adaptive instance normalization.

Huang and Belongie 2017, "Arbitrary style transfer in real-time with adaptive instance
normalization". Here a trained encoder of the style replaces their frozen network, so that one
file is enough to translate. As in MUNIT (Huang et al. 2018, Sec. 5.1), the style acts at every
depth of the decoder: it determines the means and deviations of each norm.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, relu

from gan.config.choices import Upsample
from gan.networks.layers import (
    ConvToImage,
    InstanceNorm,
    ReflectionPad,
    instance_norm,
    run_padded,
    upsampling,
)

BLOCKS = 4
"""Number of residual blocks, as in MUNIT's decoder."""


def channel_statistics(features: Tensor, eps: float = 1e-5) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each channel over positions, each (N, C, 1, 1).

    Huang and Belongie 2017, Eq. 5 and 6. The variance divides by h w; eps is added to it, so that
    the gradient is finite if a channel is constant.
    """
    variance, mean = torch.var_mean(features, dim=(2, 3), correction=0, keepdim=True)
    return mean, (variance + eps).sqrt()


def adaptive_instance_norm(content: Tensor, mean: Tensor, std: Tensor, eps: float = 1e-5) -> Tensor:
    """Return std (c - mu(c)) / sigma(c) + mean: the content with a style's statistics.

    Huang and Belongie 2017, Eq. 8. content is (N, C, h, w), mean and std are (N or 1, C, 1, 1).
    """
    return std * instance_norm(content, eps=eps) + mean


class StyleEncoder(nn.Module):
    """Encodes a picture's style in one vector: statistics of pixels and of three feature depths."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Sequential(*layers, nn.ReLU()) for layers in _encoding(in_channels, channels)
        )
        self.size = 2 * (in_channels + 7 * channels)

    def forward(self, style: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) in [-1, 1] to (N, size); H and W are any sizes from 16 up.

        Statistics of features are normalized at each depth, because initial weights make deep ones
        small.
        """
        code = [torch.cat(channel_statistics(style), 1).flatten(1)]
        for stage in self.stages:
            style = stage(style)
            statistics = torch.cat(channel_statistics(style), 1).flatten(1)
            code.append(layer_norm(statistics, statistics.shape[1:]))
        return torch.cat(code, 1)


class StyledConv(nn.Module):
    """A convolution whose output channels get means and deviations from the style.

    They are an affine function of the style's vector.
    """

    def __init__(self, conv: nn.Module, channels: int, code: int) -> None:
        super().__init__()
        self.conv = conv
        self.affine = nn.Linear(code, 2 * channels)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Map (N, C, h, w) and (N or 1, code) to (N, channels, h', w')."""
        mean, excess = self.affine(code)[:, :, None, None].chunk(2, dim=1)
        return adaptive_instance_norm(self.conv(x), mean, 1 + excess)


class StyledBlock(nn.Module):
    """Two styled 3x3 convolutions and a skip."""

    def __init__(self, channels: int, code: int, *, dropout: bool) -> None:
        super().__init__()
        self.first = StyledConv(_conv3x3(channels), channels, code)
        self.dropout = nn.Dropout(0.5) if dropout else nn.Identity()
        self.second = StyledConv(_conv3x3(channels), channels, code)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Map (N, channels, h, w) and the style, (N or 1, code), to (N, channels, h, w)."""
        branch: Tensor = self.second(self.dropout(relu(self.first(x, code))), code)
        return x + branch


class AdainGenerator(nn.Module):
    """Maps a content and a style image to one image: the ResNet generator with styled norms.

    The content's encoder has instance norm, which removes the content's own style.
    """

    size_multiple = 4

    def __init__(
        self, *, in_channels: int, out_channels: int, channels: int, upsample: Upsample,
        dropout: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        self.style_encoder = StyleEncoder(out_channels, channels)
        code, width = self.style_encoder.size, 4 * channels
        self.content_encoder = nn.Sequential(*(
            layer
            for layers, wide in zip(_encoding(in_channels, channels), (1, 2, 4), strict=True)
            for layer in (*layers, InstanceNorm(wide * channels), nn.ReLU(inplace=True))
        ))  # fmt: skip
        self.blocks = nn.ModuleList(
            StyledBlock(width, code, dropout=dropout) for _ in range(BLOCKS)
        )
        self.ups = nn.ModuleList(
            StyledConv(
                upsampling(2 * wide, wide, kernel_size=3, bias=False, upsample=upsample), wide, code
            )
            for wide in (2 * channels, channels)
        )
        self.head = nn.Sequential(
            ReflectionPad(3), ConvToImage(channels, out_channels, 7), nn.Tanh()
        )

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) and (N or 1, out_channels, H', W') to (N, out_channels, H, W).

        All are in [-1, 1]; both images may have any sizes from 16 up.
        """
        return self.paint(content, self.style_encoder(style))

    def paint(self, content: Tensor, code: Tensor) -> Tensor:
        """Translate (N, in_channels, H, W) into the style encoded by `code`, (N or 1, size)."""
        return run_padded(lambda padded: self.decode(padded, code), content, self.size_multiple)

    def decode(self, content: Tensor, code: Tensor) -> Tensor:
        x = self.content_encoder(content)
        for block in self.blocks:
            x = block(x, code)
        for up in self.ups:
            x = relu(up(x, code))
        painted: Tensor = self.head(x)
        return painted


class Styled(nn.Module):
    """A generator with a fixed style: a function of the content alone."""

    code: Tensor

    def __init__(self, network: Any, style: Tensor) -> None:
        """Encode the style, (1, C, H, W) in [-1, 1], on the device of the network.

        The network has `style_encoder` and `paint`, as AdainGenerator has.
        """
        super().__init__()
        self.network = network
        with torch.no_grad():
            self.register_buffer("code", network.style_encoder(style))

    def forward(self, content: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) to (N, out_channels, H, W), both in [-1, 1]."""
        painted: Tensor = self.network.paint(content, self.code)
        return painted


def _encoding(in_channels: int, channels: int) -> list[list[nn.Module]]:
    """Return the convolutions of the ResNet generator's stem and of its two downsamplings."""
    return [
        [ReflectionPad(3), nn.Conv2d(in_channels, channels, 7)],
        [nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)],
        [nn.Conv2d(2 * channels, 4 * channels, 3, stride=2, padding=1)],
    ]


def _conv3x3(channels: int) -> nn.Module:
    return nn.Sequential(ReflectionPad(1), nn.Conv2d(channels, channels, 3, bias=False))
