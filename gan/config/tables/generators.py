"""The generators: how each is built and what it can do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from re import fullmatch
from typing import Any

from gan.config.table import Code, Table

RESNET, UNET, CONDITIONAL = "resnet_{}blocks", "unet_{}", "conditional_{}blocks"
"""Patterns of names, which contain the number of residual blocks or the size multiple."""
VGG = "vgg_{}levels"
"""Pattern of the names of autoencoders, which contain the number of levels."""
HALF = "resnet_{}blocks_half"
"""Pattern of the names of ResNets whose blocks work at half the image's height and width."""


@dataclass(frozen=True)
class GeneratorRow:
    """A generator: maps images (N, in_channels, H, W) to (N, out_channels, H, W), in [-1, 1]."""

    code: Code
    """Builds the module from in_channels, out_channels, channels, `takes` and `options`. Its
    forward pass takes any H and W from 16 up; gan.networks.layers.run_padded can pad them."""
    takes: tuple[str, ...] = ()
    """Further arguments: keys of the section networks (norm, upsample, dropout, downsample), and
    styles, the number of styles."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Constant arguments."""
    size_multiple: int = 1
    """Images whose height and width are multiples of it need no padding."""
    blurs: bool = False
    """Whether upsample and downsample may be blur."""
    residual: bool = False
    """Whether it has residual blocks, whose activations train.recompute computes again."""
    tiles: bool = False
    """Whether gan.inference.tiling can run it in tiles."""
    takes_style: bool = False
    """Whether forward takes a style image as its second argument. The module then has
    style_encoder(style), which returns a vector, and paint(content, vector)."""
    fixed_kind: str | None = None
    """For a generator with several styles (forward takes their weights as its second argument):
    the kind of generator that it becomes with a fixed mixture and norm "instance_affine". See
    gan.networks.conditional.fixed_weights."""
    encodes: bool = False
    """Whether forward also takes positions and returns the encoder's features there, which
    train.recipe contrastive compares. The module then has feature_maps; see
    gan.networks.resnet.ResnetGenerator."""
    levels: int = 0
    """For a frozen VGG-16 with a decoder, which train.recipe decoder trains: the deepest block of
    the VGG that it encodes to. The module is a gan.networks.vgg.VggAutoencoder."""
    reference_name: str | None = None
    """Its name in the reference implementation, if it has one."""


def _resnet(
    blocks: int,
    reference_name: str | None = None,
    code: Code = "gan.networks.resnet:ResnetGenerator",
    downsamplings: int = 2,
) -> GeneratorRow:
    return GeneratorRow(
        code,
        takes=("norm", "upsample", "dropout", "downsample"),
        options={"blocks": blocks, "downsamplings": downsamplings},
        size_multiple=2**downsamplings,
        blurs=True,
        residual=True,
        tiles=True,
        encodes=True,
        reference_name=reference_name,
    )


def _unet(multiple: int, reference_name: str | None = None) -> GeneratorRow:
    return GeneratorRow(
        "gan.networks.unet:UnetGenerator",
        takes=("norm", "upsample", "dropout"),
        options={"halvings": multiple.bit_length() - 1},
        size_multiple=multiple,
        reference_name=reference_name,
    )


def _conditional(blocks: int) -> GeneratorRow:
    return GeneratorRow(
        "gan.networks.conditional:ConditionalResnet",
        takes=("upsample", "dropout", "downsample", "styles"),
        options={"blocks": blocks},
        size_multiple=4,
        blurs=True,
        residual=True,
        fixed_kind=RESNET.format(blocks),
    )


def _vgg(levels: int) -> GeneratorRow:
    return GeneratorRow(
        "gan.networks.vgg:VggAutoencoder",
        options={"levels": levels},
        size_multiple=2 ** (levels - 1),
        levels=levels,
    )


GENERATORS = Table(
    "generator",
    {
        "resnet_9blocks": _resnet(9, "resnet_9blocks"),
        "resnet_6blocks": _resnet(6, "resnet_6blocks"),
        "resnet_9blocks_half": _resnet(9, downsamplings=1),
        "resnet_6blocks_half": _resnet(6, downsamplings=1),
        "unet_256": _unet(256, "unet_256"),
        "unet_128": _unet(128, "unet_128"),
        "mobile": _resnet(6, code="gan.networks.mobile:MobileGenerator"),
        "adain": GeneratorRow(
            "gan.networks.adain:AdainGenerator",
            takes=("upsample", "dropout"),
            size_multiple=4,
            takes_style=True,
        ),
        "conditional_6blocks": _conditional(6),
        "conditional_9blocks": _conditional(9),
        "vgg_3levels": _vgg(3),
        "vgg_4levels": _vgg(4),
    },
)
"""Generators for training; files may have others, see generator_row."""


def generator_row(kind: str) -> GeneratorRow:
    """Return a generator's row; ValueError if there is none.

    Networks of sizes that are not in GENERATORS, but may be in files, have rows too.
    """
    if kind in GENERATORS:
        return GENERATORS[kind]
    if match := fullmatch(RESNET.format(r"([1-9]\d?)"), kind):
        return _resnet(int(match[1]))
    if match := fullmatch(HALF.format(r"([1-9]\d?)"), kind):
        return _resnet(int(match[1]), downsamplings=1)
    if match := fullmatch(CONDITIONAL.format(r"([1-9]\d?)"), kind):
        return _conditional(int(match[1]))
    if match := fullmatch(UNET.format("(32|64|128|256|512|1024)"), kind):
        return _unet(int(match[1]))
    if match := fullmatch(VGG.format("([1-4])"), kind):
        return _vgg(int(match[1]))
    raise ValueError(f"no generator {kind}; if an extension defines it, load it: --extend FILE")


def generators_for(styled: bool, many_styles: bool, decodes: bool = False) -> str:
    """Return the generators with a style image, several styles or levels, joined by "or"."""
    return " or ".join(
        name
        for name, row in GENERATORS.items()
        if (row.takes_style, row.fixed_kind is not None, row.levels > 0)
        == (styled, many_styles, decodes)
    )
