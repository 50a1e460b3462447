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
    """The painting. If given several times, the styles are blended, or each gets its mask."""
    output: Path
    """File for the result. It has the photograph's aspect ratio."""
    style_weights: list[Weight] = Field(default=[])
    """Share of each painting in the blend, in the order of style. If empty, all shares are
    equal."""
    masks: list[Path] = Field(default=[])
    """A picture for each painting, laid over the photograph: white where its style applies. What is
    white in none of them keeps the photograph's pixels."""
    strength: Annotated[float, Field(ge=0, le=1)] = 1
    """How much of the style comes from the paintings and not from the photograph itself."""
    preserve_color: PreserveColor = "no"
    """How the photograph's colors are kept. no: not at all. luma: only lightness is painted.
    palette: the paintings are recolored first, to the mean and covariance of the photograph's
    colors."""
    size: Side | None = 512
    """Longer side of the result in pixels, at most that of the photograph. null uses that of the
    photograph."""
    sizes: list[Side] = Field(default=[])
    """Longer sides, coarse to fine, through which the result is painted up to size. If empty, size
    is halved down to 128. The same number as size paints at that size only."""
    style_scale: Rate = 1
    """Longer side of the paintings, relative to that of the result. Larger means broader
    strokes."""
    steps: Count = 200
    """Evaluations of the loss and its gradient at each size."""
    optimizer: Optimizer = "lbfgs"
    """lbfgs gets further in the same number of evaluations. adam needs less memory."""
    init: Literal["content", "noise"] = "content"
    """What is painted over: the photograph (content), or noise that is drawn from the seed."""
    content_weight: Weight = 1
    """Weight of the content term."""
    style_weight: Weight = 30
    """Weight of the style term."""
    tv_weight: Weight = 10
    """Weight of the total variation. Larger is smoother."""
    perceptual: PerceptualConfig = PerceptualConfig()
    """The network in whose feature maps pictures are compared."""
    tile: Annotated[int, Field(ge=256, multiple_of=32)] = 768
    """Larger pictures go through the network in tiles of this many pixels a side, which needs less
    memory."""
    device: Device = "auto"
    """Where to compute. auto uses a GPU if there is one."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of the noise."""
    marks: bool = True
    """Write into each file, as XMP, that a trained network made it, and which. With false, no XMP
    is written."""
    log: Path | None = None
    """Folder for curves of the losses in TensorBoard."""
    save_every: Count | None = None
    """Steps between intermediate pictures, which are written next to the output."""
    sweep: list[str] = Field(default=[])
    """NAME=VALUE,VALUE,...: paint with each value and write one labeled sheet of all results. If
    given several times, every combination is painted."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if not self.style:
            raise ValueError("style must name at least one painting")
        for key in ("style_weights", "masks"):
            given = len(getattr(self, key))
            if given not in (0, len(self.style)):
                raise ValueError(
                    f"{key}: {given} values, but style has {len(self.style)}: give as many"
                )
        if self.style_weights and not sum(self.style_weights):
            raise ValueError("style_weights: at least one must be larger than 0")
        if sorted(set(self.sizes)) != self.sizes:
            raise ValueError(f"sizes {self.sizes}: each must be larger than the one before")
        if self.size and self.sizes and self.sizes[-1] > self.size:
            raise ValueError(f"sizes {self.sizes} must be at most size ({self.size})")
        if self.perceptual.gram_decay != PerceptualConfig().gram_decay:
            raise ValueError("perceptual.gram_decay is for training: remove it")
        from gan.images import IMAGE_SUFFIXES  # not needed for --help

        if self.output.suffix.lower() not in IMAGE_SUFFIXES:
            raise ValueError(
                f"output {self.output}: the name must end in an image suffix, for example out.png"
            )
        inputs = {path.resolve() for path in (self.content, *self.style, *self.masks)}
        if self.output.resolve() in inputs:
            raise ValueError(f"output {self.output} would replace an input: name another file")
        return self

    def shares(self) -> list[float]:
        """Return the styles' weights, scaled to a sum of 1."""
        weights = self.style_weights or [1.0] * len(self.style)
        return [weight / sum(weights) for weight in weights]
