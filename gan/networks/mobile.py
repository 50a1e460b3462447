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

from torch import nn

from gan.config.choices import Norm, Upsample
from gan.networks.antialias import BlurUp
from gan.networks.layers import NearestUpsample, ReflectionPad, norm_layer
from gan.networks.resnet import ResnetGenerator


class MobileGenerator(ResnetGenerator):
    """ResnetGenerator's layers, split; images in [-1, 1]."""

    kernel = 3

    def first(self, in_channels: int, channels: int, norm: Norm) -> nn.Module:
        """Return the first convolution, which is not split."""
        return nn.Conv2d(in_channels, channels, self.kernel, bias=norm == "none")

    def widening(self, width: int, norm: Norm, stride: int) -> list[nn.Module]:
        """Return a convolution to 2 width maps, with this stride."""
        return _separable(width, 2 * width, norm, stride)

    def keeping(self, channels: int, norm: Norm) -> list[nn.Module]:
        """Return a convolution of the residual blocks, which keeps (N, channels, H, W)."""
        return _separable(channels, channels, norm)

    def doubling(self, width: int, norm: Norm, upsample: Upsample) -> list[nn.Module]:
        """Return a 1x1 convolution to `width` maps, and a 3x3 convolution of each, doubled."""
        bias = norm == "none"
        mixed = [nn.Conv2d(2 * width, width, 1, bias=bias), norm_layer(norm, width)]
        if upsample == "deconv":
            up = nn.ConvTranspose2d(width, width, 3, 2, 1, 1, groups=width, bias=bias)
            return [*mixed, up]
        nearest = NearestUpsample(scale_factor=2, mode="nearest")
        double = BlurUp(width) if upsample == "blur" else nearest
        each = nn.Conv2d(width, width, 3, groups=width, bias=bias)
        return [*mixed, double, ReflectionPad(1), each]


def _separable(inside: int, outside: int, norm: Norm, stride: int = 1) -> list[nn.Module]:
    """Return a 3x3 convolution of each map, a norm, and a 1x1 convolution that mixes the maps."""
    bias = norm == "none"
    return [
        ReflectionPad(1),
        nn.Conv2d(inside, inside, 3, stride=stride, groups=inside, bias=bias),
        norm_layer(norm, inside),
        nn.Conv2d(inside, outside, 1, bias=bias),
    ]
