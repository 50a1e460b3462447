"""A ResNet generator for small devices, with depthwise separable convolutions.

For each output value, a 3x3 convolution of C maps takes 9 C multiply-adds. A separable one takes 9
+ C: a 3x3 kernel per map, then a 1x1 convolution that mixes the maps (MobileNet; Howard et al.
2017). A norm is between the two, as in the blocks of "mobile_resnet" of GAN Compression (Li et al.
2020).

Departures from that network: downsamplings and upsamplings are separable too, the first and the
last convolution are 3x3 instead of 7x7, and there are six blocks. Otherwise those parts would take
more multiply-adds than the blocks. An upsampling mixes the maps before it doubles the size: the
same function for a quarter of the cost. Convolutions before a norm have no bias, since the norm
would cancel it.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from gan.config.choices import Downsample, Norm, Upsample
from gan.networks.antialias import BlurDown, BlurUp
from gan.networks.layers import (
    ConvToImage,
    NearestUpsample,
    ReflectionPad,
    norm_layer,
    run_padded,
)
from gan.networks.resnet import FeatureMap, ResidualBlock, norm_relu, translate_and_encode


class MobileGenerator(nn.Module):
    """A ResNet generator of separable convolutions; images are in [-1, 1].

    It has two downsamplings, `blocks` residual blocks and two upsamplings. `feature_maps` are those
    of gan.networks.resnet.ResnetGenerator.
    """

    size_multiple = 4

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
    ) -> None:
        super().__init__()
        first = nn.Conv2d(in_channels, channels, 3, bias=norm == "none")
        layers = [ReflectionPad(1), first, *norm_relu(norm, channels)]
        maps = [FeatureMap(0, in_channels, 1)]
        for scale, width in ((1, channels), (2, 2 * channels)):
            stride = 2 if downsample == "stride" else 1
            layers += _separable(width, 2 * width, norm, stride)
            maps += [FeatureMap(len(layers), 2 * width, scale * stride)]
            layers += norm_relu(norm, 2 * width)
            layers += [BlurDown(2 * width)] if downsample == "blur" else []
        ends = sorted({len(layers) + block + 1 for block in (0, blocks // 2)})
        self.feature_maps = (*maps, *(FeatureMap(end, 4 * channels, 4) for end in ends))
        layers += [
            ResidualBlock(4 * channels, norm=norm, dropout=dropout, convolution=_kept)
            for _ in range(blocks)
        ]
        for width in (2 * channels, channels):
            layers += _doubling(width, norm, upsample)
            layers += norm_relu(norm, width)
        layers += [ReflectionPad(1), ConvToImage(channels, out_channels, 3), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(
        self, x: Tensor, positions: Sequence[Tensor] | None = None, *, encode_only: bool = False
    ) -> Tensor | list[Tensor]:
        """Translate (N, in_channels, H, W) to (N, out_channels, H, W), as ResnetGenerator does."""
        if positions is None:
            return run_padded(self.model, x, self.size_multiple)
        return translate_and_encode(self.model, self.feature_maps, x, positions, encode_only)


def _separable(inside: int, outside: int, norm: Norm, stride: int = 1) -> list[nn.Module]:
    """Return a 3x3 convolution of each map, a norm, and a 1x1 convolution that mixes the maps."""
    bias = norm == "none"
    return [
        ReflectionPad(1),
        nn.Conv2d(inside, inside, 3, stride=stride, groups=inside, bias=bias),
        norm_layer(norm, inside),
        nn.Conv2d(inside, outside, 1, bias=bias),
    ]


def _kept(channels: int, norm: Norm) -> list[nn.Module]:
    """Return the separable convolution of the residual blocks."""
    return _separable(channels, channels, norm)


def _doubling(width: int, norm: Norm, upsample: Upsample) -> list[nn.Module]:
    """Return layers that map 2 * width maps to `width` maps of twice the size.

    A 1x1 convolution mixes the maps, then each is upsampled with its own 3x3 convolution.
    """
    bias = norm == "none"
    mixed = [nn.Conv2d(2 * width, width, 1, bias=bias), norm_layer(norm, width)]
    if upsample == "deconv":
        return [
            *mixed,
            nn.ConvTranspose2d(
                width, width, 3, stride=2, padding=1, output_padding=1, groups=width, bias=bias
            ),
        ]
    double = (
        BlurUp(width) if upsample == "blur" else NearestUpsample(scale_factor=2, mode="nearest")
    )
    each = nn.Conv2d(width, width, 3, groups=width, bias=bias)
    return [*mixed, double, ReflectionPad(1), each]
