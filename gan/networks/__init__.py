"""The generators and discriminators, by the names that the configuration gives them.

Their state_dict keys are those of the reference (junyanz/pytorch-CycleGAN-and-pix2pix), whose
weights load as they are. Generators with `upsample="resize"` have no counterpart there.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

from torch import nn

from gan.networks.adain import AdainGenerator
from gan.networks.discriminators import PatchDiscriminator, PixelDiscriminator
from gan.networks.init import init_weights
from gan.networks.layers import Norm, Upsample
from gan.networks.resnet import ResnetGenerator
from gan.networks.unet import UnetGenerator

__all__ = [
    "DiscriminatorKind",
    "GeneratorKind",
    "Norm",
    "Upsample",
    "build_discriminator",
    "build_generator",
    "init_weights",
    "size_multiple",
]

GeneratorKind = Literal["resnet_9blocks", "resnet_6blocks", "unet_256", "unet_128", "adain"]
DiscriminatorKind = Literal["basic", "n_layers", "pixel"]

# Each network with the multiple of pixels that its input sides are padded to.
_GENERATORS: dict[GeneratorKind, tuple[Callable[..., nn.Module], int]] = {
    "resnet_9blocks": (partial(ResnetGenerator, blocks=9), 4),
    "resnet_6blocks": (partial(ResnetGenerator, blocks=6), 4),
    "unet_256": (partial(UnetGenerator, halvings=8), 256),
    "unet_128": (partial(UnetGenerator, halvings=7), 128),
    # Its normalization is its own.
    "adain": (lambda norm, **arguments: AdainGenerator(**arguments), 4),
}


def build_generator(
    kind: GeneratorKind,
    *,
    in_channels: int = 3,
    out_channels: int = 3,
    channels: int = 64,
    norm: Norm = "instance",
    upsample: Upsample = "deconv",
    dropout: bool = False,
) -> nn.Module:
    """Build a generator: (N, in_channels, H, W) to (N, out_channels, H, W), both in [-1, 1].

    H and W are any sizes from 16 up. "adain" takes a second picture besides, for the style.
    `channels` is the width of the first convolution. Weights are torch's defaults until
    `init_weights`.
    """
    build, _ = _GENERATORS[kind]
    return build(
        in_channels=in_channels,
        out_channels=out_channels,
        channels=channels,
        norm=norm,
        upsample=upsample,
        dropout=dropout,
    )


def build_discriminator(
    kind: DiscriminatorKind,
    *,
    in_channels: int = 3,
    channels: int = 64,
    layers: int = 3,
    norm: Norm = "instance",
) -> nn.Module:
    """Build a discriminator: (N, in_channels, H, W) to raw scores (N, 1, h, w).

    `layers` counts the strided convolutions of "n_layers"; "basic" always has 3. `channels` is the
    width of the first convolution. Weights are torch's defaults until `init_weights`.
    """
    builders: dict[DiscriminatorKind, Callable[..., nn.Module]] = {
        "basic": partial(PatchDiscriminator, layers=3),
        "n_layers": partial(PatchDiscriminator, layers=layers),
        "pixel": PixelDiscriminator,
    }
    return builders[kind](in_channels=in_channels, channels=channels, norm=norm)


def size_multiple(kind: GeneratorKind) -> int:
    """Return the pixels whose multiples a generator takes as they are, without padding."""
    _, multiple = _GENERATORS[kind]
    return multiple
