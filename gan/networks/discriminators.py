"""Discriminators of patches: they return a map of raw scores, not one score per image."""

from torch import Tensor, nn

from gan.config.choices import Norm
from gan.networks.layers import ConvBeforeNorm, has_bias, norm_layer


class PatchDiscriminator(nn.Module):
    """PatchGAN (Isola et al. 2017, section 6.1.2) with `layers` strided convolutions.

    A stage is a 4x4 convolution, norm and LeakyReLU; the first has no norm, the last is only the
    convolution. The convolutions have indices 0, 2, 5, 8, ... in `model`, as in the reference's
    keys. With three layers a score sees 70x70 pixels.
    """

    def __init__(self, *, in_channels: int, channels: int, layers: int, norm: Norm) -> None:
        super().__init__()
        widths = [channels * min(2**layer, 8) for layer in range(layers + 1)]
        stages: list[nn.Module] = [
            nn.Conv2d(in_channels, channels, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        for layer in range(1, layers + 1):
            width = widths[layer]
            stride = 2 if layer < layers else 1
            bias = has_bias(norm)
            stages += [
                ConvBeforeNorm(widths[layer - 1], width, 4, stride=stride, padding=1, bias=bias),
                norm_layer(norm, width),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        self.model = nn.Sequential(*stages, nn.Conv2d(widths[-1], 1, 4, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) to scores (N, 1, h, w): 30x30 for 256x256, three layers."""
        scores: Tensor = self.model(x)
        return scores


class PixelDiscriminator(nn.Module):
    """PixelGAN (Isola et al. 2017, section 6.1.2): classifies every pixel by its color alone."""

    def __init__(self, *, in_channels: int, channels: int, norm: Norm) -> None:
        super().__init__()
        bias = has_bias(norm)
        self.net = nn.Sequential(
            nn.Conv2d(in_channels, channels, 1),
            nn.LeakyReLU(0.2, inplace=True),
            ConvBeforeNorm(channels, 2 * channels, 1, bias=bias),
            norm_layer(norm, 2 * channels),
            nn.LeakyReLU(0.2, inplace=True),
            # The norm decides this bias too, although no norm follows: as in the reference's
            # weights.
            nn.Conv2d(2 * channels, 1, 1, bias=bias),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, in_channels, H, W) to scores (N, 1, H, W)."""
        scores: Tensor = self.net(x)
        return scores
