"""The options of `gan explain`: the text below a field is its help."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gan.config import Section
from gan.config.choices import Device
from gan.domains import Direction


LEAST = 32
"""Pixels: a picture that is shifted must still be large enough for a generator."""


class ExplainOptions(Section):
    """A model, a picture, and the sheet to write.

    The sheet shows what the cycle keeps, the feature maps inside the generator, which patches the
    discriminator takes for real, and how much the translation moves when the picture changes a
    little. The cycle needs a run with both generators, the discriminator a run's training state.
    """

    model: Path
    """Run directory, or one of its gen_*.safetensors files."""
    input: Path
    """The picture."""
    output: Path = Path("explain.png")
    """The sheet to write. A file that is there is replaced."""
    direction: Direction | None = None
    """ab translates A to B, ba B to A; needed where the model holds both."""
    size: Annotated[int, Field(ge=LEAST, le=16384)] | None = None
    """Shorter side, in pixels, at which all is computed. Not set, the size of the training images,
    or 256 where it is not known."""
    device: Device = "auto"
    """Where to compute; auto takes a GPU where there is one."""
