"""The options of `gan stylize`: the text below a field is its help."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gan.config import Count, PerceptualConfig, Rate, Section, Weight
from gan.config.choices import Device, Optimizer, PreserveColor

Side = Annotated[int, Field(ge=16)]


class StylizeOptions(Section):
    """A photograph in the style of paintings, by optimization of its pixels."""

    content: Path
    """The photograph."""
    style: list[Path]
    """The painting. Given several times, the styles are blended, or each has its mask."""
    output: Path
    """File for the result; it has the photograph's aspect ratio."""
    style_weights: list[Weight] = Field(default=[])
    """Weight of each painting in the blend, in the order of style; empty for equal weights."""
    masks: list[Path] = Field(default=[])
    """A mask of the photograph for each painting, white where its style applies. Where all masks
    are black, the photograph's pixels are kept."""
    strength: Annotated[float, Field(ge=0, le=1)] = 1
    """Part of the style's statistics that comes from the paintings, not the photograph, 0 to 1."""
    preserve_color: PreserveColor = "no"
    """luma: paint only lightness and keep the photograph's colors; palette: first recolor the
    paintings to the mean and covariance of the photograph's colors."""
    size: Side | None = 512
    """Longer side of the result in pixels, at most the photograph's; null for the photograph's."""
    sizes: list[Side] = Field(default=[])
    """Longer sides at which it is painted before size, coarse to fine; empty to halve size down to
    128. The value of size alone means that size only."""
    style_scale: Rate = 1
    """Longer side of the paintings relative to the result: larger means broader strokes."""
    steps: Count = 200
    """Evaluations of the loss and its gradient at each size."""
    optimizer: Optimizer = "lbfgs"
    """lbfgs reaches a lower loss in the same number of evaluations, adam needs less memory."""
    init: Literal["content", "noise"] = "content"
    """The picture to begin with: the photograph, or noise drawn from the seed."""
    content_weight: Weight = 1
    """Weight of the content term."""
    style_weight: Weight = 30
    """Weight of the style term."""
    tv_weight: Weight = 10
    """Weight of the total variation: larger is smoother."""
    perceptual: PerceptualConfig = PerceptualConfig()
    """The network in whose feature maps pictures are compared."""
    tile: Annotated[int, Field(ge=256, multiple_of=32)] = 768
    """Larger pictures go through the network in tiles of this many pixels: less memory."""
    device: Device = "auto"
    """Device for computing; auto uses a GPU if there is one."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of the noise."""
    log: Path | None = None
    """Folder for TensorBoard's curves of the losses."""
    save_every: Count | None = None
    """Steps between intermediate pictures, which are written next to the output."""
    sweep: list[str] = Field(default=[])
    """NAME=VALUE,VALUE,...: paint with each value; the output is one labeled sheet of all. Given
    several times, every combination is painted."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if not self.style:
            raise ValueError("style must name at least one painting")
        for key in ("style_weights", "masks"):
            given = len(getattr(self, key))
            if given not in (0, len(self.style)):
                raise ValueError(f"{key}: {given} values for {len(self.style)} style: give as many")
        if self.style_weights and not sum(self.style_weights):
            raise ValueError("style_weights: at least one must be larger than 0")
        if sorted(set(self.sizes)) != self.sizes:
            raise ValueError(f"sizes {self.sizes} must rise from coarse to fine")
        if self.size and self.sizes and self.sizes[-1] > self.size:
            raise ValueError(f"sizes {self.sizes} must be at most size ({self.size})")
        if self.perceptual.gram_decay != PerceptualConfig().gram_decay:
            raise ValueError("perceptual.gram_decay is for training: remove it")
        from gan.images import IMAGE_SUFFIXES  # not needed for --help

        if self.output.suffix.lower() not in IMAGE_SUFFIXES:
            raise ValueError(
                f"output {self.output}: its suffix must be an image format's, such as out.png"
            )
        inputs = {path.resolve() for path in (self.content, *self.style, *self.masks)}
        if self.output.resolve() in inputs:
            raise ValueError(f"output {self.output} would replace an input: name another file")
        return self

    def shares(self) -> list[float]:
        """Return the styles' weights, scaled to a sum of 1."""
        weights = self.style_weights or [1.0] * len(self.style)
        return [weight / sum(weights) for weight in weights]
