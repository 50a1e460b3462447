"""The U-Net generator of pix2pix (Isola et al. 2017, section 6.1.1)."""

from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn

from gan.config.choices import Norm, Upsample
from gan.networks.layers import has_bias, norm_layer, run_padded, upsampling


class UnetLevel(nn.Module):
    """A downsampling and an upsampling around a `nested` level; concatenates input and output.

    Indices in `model`: 0-2 LeakyReLU, convolution, norm; 3 the nested level; 4-6 ReLU, upsampling,
    norm; 7 dropout. The innermost level lacks 2 and 3, so later indices are smaller.
    """

    def __init__(
        self,
        outer: int,
        inner: int,
        nested: nn.Module | None,
        *,
        norm: Norm,
        upsample: Upsample,
        dropout: bool,
    ) -> None:
        super().__init__()
        bias = has_bias(norm)
        between = [] if nested is None else [norm_layer(norm, inner), nested]
        up_in = inner if nested is None else 2 * inner
        self.model = nn.Sequential(
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(outer, inner, 4, stride=2, padding=1, bias=bias),
            *between,
            nn.ReLU(inplace=True),
            upsampling(up_in, outer, kernel_size=4, bias=bias, upsample=upsample),
            norm_layer(norm, outer),
            *([nn.Dropout(0.5)] if dropout else []),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, outer, H, W) to (N, 2 outer, H, W); x is activated in place."""
        activation, *branch = self.model
        skip: Tensor = activation(x)  # as in the reference, not x before activation
        output = skip
        for layer in branch:
            output = layer(output)
        return torch.cat([skip, output], 1)


class UnetGenerator(nn.Module):
    """`halvings` downsamplings and upsamplings with a skip connection for each; images in [-1, 1].

    The levels, and so the state_dict keys, nest as in the reference. The outermost level is
    `model.model`, without norm and skip: 0 convolution, 1 nested level, 2-4 ReLU, upsampling, tanh.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        channels: int,
        halvings: int,
        norm: Norm,
        upsample: Upsample,
        dropout: bool,
    ) -> None:
        super().__init__()
        self.size_multiple = 2**halvings
        widths = [channels * min(2**level, 8) for level in range(halvings)]
        nested: UnetLevel | None = None
        for outer, inner in reversed(list(pairwise(widths))):
            # Dropout only between levels of full width, and never in the innermost.
            drops = dropout and outer == inner and nested is not None
            nested = UnetLevel(outer, inner, nested, norm=norm, upsample=upsample, dropout=drops)
        assert nested is not None, "a U-Net has two halvings or more"
        outermost = nn.Sequential(
            nn.Conv2d(in_channels, channels, 4, stride=2, padding=1, bias=has_bias(norm)),
            nested,
            nn.ReLU(inplace=True),
            upsampling(2 * channels, out_channels, kernel_size=4, bias=True, upsample=upsample),
            nn.Tanh(),
        )
        self.model = nn.Sequential(OrderedDict(model=outermost))

    def forward(self, x: Tensor) -> Tensor:
        """Translate (N, in_channels, H, W) to (N, out_channels, H, W); any H, W from 16 up."""
        return run_padded(self.model, x, self.size_multiple)
