"""The discriminators: how each is built and which crops it can score."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gan.config.table import Code, Table


@dataclass(frozen=True)
class DiscriminatorRow:
    """A discriminator: maps images (N, in_channels, H, W) to raw scores, one or several maps.

    A map is (N, 1, h, w). Several maps, for instance one for each scale, are a list or tuple and
    may have different sizes.
    """

    code: Code
    """Builds the module from in_channels, channels, `takes` and `options`."""
    takes: tuple[str, ...] = ()
    """Further arguments: norm is networks.norm; layers, backbone and weights are
    networks.discriminator_layers and so on."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Constant arguments."""
    halvings: int | None = 0
    """How often it halves the sides of an image; at least 3 pixels must remain. None means
    networks.discriminator_layers times."""


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
