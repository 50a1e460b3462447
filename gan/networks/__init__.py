"""The generators and discriminators, by the names that the configuration gives them.

Their state_dict keys are those of the reference (junyanz/pytorch-CycleGAN-and-pix2pix), whose
weights load as they are. Generators with `upsample="resize"` have no counterpart there, those with
"blur" have one in CUT (taesungp/contrastive-unpaired-translation).
"""

from collections.abc import Callable
from functools import partial
from re import fullmatch
from typing import Any, Literal

from torch import nn

from gan.config.choices import Downsample, Norm, Upsample
from gan.networks.adain import AdainGenerator
from gan.networks.discriminators import PatchDiscriminator, PixelDiscriminator
from gan.networks.init import init_weights
from gan.networks.resnet import ResnetGenerator
from gan.networks.unet import UnetGenerator

__all__ = [
    "DiscriminatorKind",
    "GeneratorKind",
    "build_discriminator",
    "build_generator",
    "init_weights",
]

GeneratorKind = Literal["resnet_9blocks", "resnet_6blocks", "unet_256", "unet_128", "adain"]
DiscriminatorKind = Literal["basic", "n_layers", "pixel"]


def family(kind: str) -> Callable[..., nn.Module]:
    """What builds a generator of this kind; ValueError where there is none.

    Training offers those of `GeneratorKind`; files may hold ResNets of any depth and U-Nets of any
    power of two.
    """
    if match := fullmatch(r"resnet_([1-9]\d?)blocks", kind):
        return partial(ResnetGenerator, blocks=int(match[1]))
    if match := fullmatch(r"unet_(32|64|128|256|512|1024)", kind):
        return partial(UnetGenerator, halvings=int(match[1]).bit_length() - 1)
    if kind == "adain":
        return AdainGenerator
    raise ValueError(f"no generator {kind}: there are resnet_9blocks, unet_256 and the like")


def build_generator(
    kind: GeneratorKind | str,
    *,
    in_channels: int = 3,
    out_channels: int = 3,
    channels: int = 64,
    norm: Norm = "instance",
    upsample: Upsample = "deconv",
    dropout: bool = False,
    downsample: Downsample = "stride",
) -> nn.Module:
    """Build a generator: (N, in_channels, H, W) to (N, out_channels, H, W), both in [-1, 1].

    H and W are any sizes from 16 up. "adain" takes a second picture besides, for the style.
    `channels` is the width of the first convolution. Weights are torch's defaults until
    `init_weights`. ValueError where there is no such generator.
    """
    build = family(kind)
    arguments: dict[str, Any] = {
        "in_channels": in_channels,
        "out_channels": out_channels,
        "channels": channels,
        "upsample": upsample,
        "dropout": dropout,
    }
    if kind.startswith("resnet"):
        return build(**arguments, norm=norm, downsample=downsample)
    if "blur" in (upsample, downsample):
        raise ValueError(f"upsample and downsample blur are for ResNet generators, not {kind}")
    # The normalization of "adain" is its own.
    return build(**arguments) if kind == "adain" else build(**arguments, norm=norm)


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
