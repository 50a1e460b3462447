"""The sections that name what guides a training: a network or a painting."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gan.config.section import Section
from gan.config.sections import Count


class SemanticConfig(Section):
    """The frozen classifier whose answers loss.semantic preserves."""

    classifier: Path | None = None
    """File with a classifier of A's images, or of both domains' images: .safetensors of this
    program, or TorchScript. If not set, one is trained on A's class folders (trainA/CLASS/...)
    before the first step and saved in run.dir."""
    steps: Count = 1000
    """Steps, of 64 images each, that train a classifier if semantic.classifier is not set."""


class StyleConfig(Section):
    """The recipes for one style and for several: photographs and paintings."""

    image: Path | None = None
    """The painting. If it is set, one generator learns its style (Johnson et al. 2016)."""
    size: Annotated[int, Field(ge=16)] | None = 256
    """Shorter side in pixels to which the painting is scaled, and those of many_styles. null keeps
    their sizes."""
    add_to: Path | None = None
    """Run of many_styles, or its file, whose network learns the paintings of data.b as further
    styles. Only their scales and shifts are trained: its other styles stay as they are."""


class DistillConfig(Section):
    """The recipe that makes a small generator out of a trained one: photographs and a teacher."""

    teacher: Path | None = None
    """Run directory, or a file of any kind that gan convert opens, with the generator that
    gan train imitates. Of a run directory it is gen_ab."""
