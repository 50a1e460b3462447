"""The options of `gan explain`: the text below a field is its help."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gan.config import Section
from gan.config.choices import Device
from gan.domains import Direction

LEAST = 32
"""Smallest `size`: after the shift cuts the picture, generators must still accept it."""


class ExplainOptions(Section):
    """A model, a picture, and the sheet to write.

    The sheet shows what the cycle keeps, and the feature maps inside the generator. It shows where
    the picture and its translation look like the target domain to the discriminator. It also shows
    how much the translation changes when the picture changes a little. Reconstructions require a
    run directory with both generators. Views of the discriminator require its training state.
    """

    model: Path
    """Run directory, or one of its gen_*.safetensors files."""
    input: Path
    """The picture to translate."""
    output: Path = Path("explain.png")
    """The sheet to write. An existing file is replaced."""
    direction: Direction | None = None
    """ab translates A to B, ba translates B to A. Required if the model holds both generators."""
    size: Annotated[int, Field(ge=LEAST, le=16384)] | None = None
    """Shorter side in pixels to which the picture is scaled first. If not set, the size of the
    training images, or 256 if that is not known."""
    device: Device = "auto"
    """Where to compute. auto uses a GPU if there is one."""
