"""Sections of the configuration that name a network or a painting to learn from."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gan.config.section import Section
from gan.config.sections import Count


class SemanticConfig(Section):
    """The frozen classifier whose classes loss.semantic preserves."""

    classifier: Path | None = None
    """File with a classifier of A's images, or of both domains' images: .safetensors written by
    this program, or TorchScript. If not set, a classifier is trained on A's class folders
    (trainA/CLASS/...) before the first step and saved in run.dir."""
    steps: Count = 1000
    """Number of steps, of 64 images each, to train the classifier if semantic.classifier is not
    set."""


class StyleConfig(Section):
    """Settings of the recipes that learn the style of paintings."""

    image: Path | None = None
    """The painting. If set, one generator learns its style (Johnson et al. 2016)."""
    size: Annotated[int, Field(ge=16)] | None = 256
    """Shorter side of the paintings in pixels, for style.image and many_styles. null keeps their
    sizes."""
    add_to: Path | None = None
    """Run of many_styles, or its generator's file, to which the paintings of data.b are added as
    further styles. Only the new styles' scales and shifts are trained; the other styles stay
    exactly the same."""


class DistillConfig(Section):
    """Settings of the recipe that trains a small generator to imitate a trained one."""

    teacher: Path | None = None
    """The generator to imitate: a run directory (its gen_ab is used), or any file that gan
    convert opens."""
