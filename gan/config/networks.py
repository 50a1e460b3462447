"""The section of the networks."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from gan.config.choices import Downsample, Norm, Upsample
from gan.config.sections import Count, Rate, Section
from gan.config.table import NameIn
from gan.config.tables.discriminators import DISCRIMINATORS
from gan.config.tables.generators import GENERATORS


class NetworksConfig(Section):
    """The architectures: two generators of one kind, two discriminators of another."""

    generator: Annotated[str, NameIn(GENERATORS)] = "resnet_9blocks"
    """Architecture of both generators; adain: one alone, which takes a style picture besides."""
    generator_channels: Count = 64
    """Channels after the first convolution of a generator."""
    discriminator: Annotated[str, NameIn(DISCRIMINATORS)] = "basic"
    """basic: 70x70 PatchGAN; n_layers: with discriminator_layers; pixel: 1x1 convolutions."""
    discriminator_channels: Count = 64
    """Channels after the first convolution of a discriminator."""
    discriminator_layers: Annotated[int, Field(ge=1, le=6)] = 3
    """Strided convolutions of the n_layers discriminator."""
    norm: Norm = "instance"
    """Normalization in all four networks, affine with a learned scale and shift; adain has its
    own."""
    upsample: Upsample = "deconv"
    """deconv: transposed convolutions; resize: nearest-neighbour, convolution: no checkerboard;
    blur: CUT's, filter, convolution."""
    downsample: Downsample = "stride"
    """stride: convolutions that leave out pixels; blur: CUT's, convolution, filter."""
    dropout: bool = False
    """Dropout of 0.5 in the generators."""
    init_gain: Rate = 0.02
    """Standard deviation of the initial weights."""
    weights: Path | None = None
    """Folder of a run, ours or the reference's, from whose networks training starts; networks that
    it lacks get initial weights."""
    weights_ab: Path | None = None
    """File from which the A to B generator starts, of any kind that gan convert opens."""
    weights_ba: Path | None = None
    """File from which the B to A generator starts."""

    @model_validator(mode="after")
    def check(self) -> Self:
        for key in ("upsample", "downsample"):
            if getattr(self, key) == "blur" and not GENERATORS[self.generator].blurs:
                raise ValueError(
                    f"networks.{key} blur is for ResNet generators; with networks.generator "
                    f"{self.generator} leave it out"
                )
        return self
