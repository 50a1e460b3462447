"""The discriminators: how each is built and which crops it can score."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gan.config.table import Code, Table


@dataclass(frozen=True)
class DiscriminatorRow:
    """A discriminator: images (N, in_channels, H, W) to raw scores, a map (N, 1, h, w) or several.

    Several maps, of any sizes, are a list or tuple: several scales, or several networks.
    """

    code: Code
    """Builds the module from in_channels, channels, `takes` and `options`."""
    takes: tuple[str, ...] = ()
    """Keys that it is given: norm is networks.norm; layers, backbone and weights are
    networks.discriminator_layers and so on."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments."""
    halvings: int | None = 0
    """How often it halves an image, whose side must leave it 3 pixels; None: as often as
    networks.discriminator_layers says."""


_PATCH = "gan.networks.discriminators:PatchDiscriminator"

DISCRIMINATORS = Table(
    "discriminator",
    {
        "basic": DiscriminatorRow(_PATCH, takes=("norm",), options={"layers": 3}, halvings=3),
        "n_layers": DiscriminatorRow(_PATCH, takes=("norm", "layers"), halvings=None),
        "pixel": DiscriminatorRow(
            "gan.networks.discriminators:PixelDiscriminator", takes=("norm",)
        ),
        "projected": DiscriminatorRow(
            "gan.features.projected:ProjectedDiscriminator",
            takes=("norm", "layers", "backbone", "weights"),
            halvings=None,
        ),
    },
)
