"""The options of `gan stylize`: the text below a field is its help."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gan.config import Count, PerceptualConfig, Rate, Section, Weight
from gan.config.choices import Device, Method, Optimizer, PreserveColor
from gan.system.output_folder import check_place

Side = Annotated[int, Field(ge=16)]
Level = Annotated[int, Field(ge=1, le=4)]

ONLY_OPTIMIZE = (
    *(
        "sizes",
        "steps",
        "frame_steps",
        "optimizer",
        "init",
        "content_weight",
        "style_weight",
        "tv_weight",
    ),
    *("log", "save_every", "seed"),
    *(f"perceptual.{key}" for key in ("backbone", "weights", "content_layers", "style_layers")),
)
"""Options that only method optimize has."""
ONLY_IMAGES = ("sweep", "log", "save_every")
"""Options that clips do not have."""
ONLY_WCT = ("wct.decoder", "wct.levels")
"""Options that only method wct has."""
TRAIN = "train one with gan train --config wct --data.a PHOTOS"
"""What to do without a decoder."""


class WctConfig(Section):
    """Settings of method wct (whitening and coloring): the feature maps and the decoder."""

    decoder: Path | None = None
    """Run directory of train.recipe decoder, or its generator's file. It turns feature maps into
    pictures. Required by method wct, and trained once: gan train --config wct --data.a PHOTOS."""
    levels: list[Level] = Field(default=[3, 2, 1])
    """Blocks of VGG-16 whose first feature maps are transformed, deepest first: 3 is relu3_1. Each
    level costs a pass. [3] alone is softer and paler; 4 has broader strokes and keeps less of the
    photograph."""


class StylizeOptions(Section):
    """A photograph in the style of paintings: by optimization of its pixels, or in one pass."""

    content: Path
    """The photograph, or a clip (extra video). With method wct also a folder of photographs; output
    is then a folder."""
    style: list[Path]
    """The painting. If given several times, the styles are blended, or each gets its mask."""
    output: Path
    """File for the result. It has the photograph's aspect ratio; a clip keeps its size."""
    method: Method = "optimize"
    """How to paint. optimize: change the pixels until their features match the style (Gatys et al.
    2016). wct: give the photograph's feature maps the mean and covariance of the painting's, and
    decode them (Li et al. 2017); this takes seconds but shows less of the brushwork."""
    style_weights: list[Weight] = Field(default=[])
    """Share of each painting in the blend, in the order of style. If empty, all shares are
    equal."""
    masks: list[Path] = Field(default=[])
    """A mask for each painting, of the photograph's aspect ratio: white where its style applies.
    Areas that are black in all masks keep the photograph's pixels."""
    strength: Annotated[float, Field(ge=0, le=1)] = 1
    """Share of the style that comes from the paintings, the rest from the photograph itself."""
    preserve_color: PreserveColor = "no"
    """How the photograph's colors are kept. no: not at all. luma: only lightness is painted.
    palette: the paintings are recolored first, to the mean and covariance of the photograph's
    colors."""
    size: Side | None = 512
    """Longer side of the result in pixels, at most that of the photograph. null uses that of the
    photograph. Frames of a clip are painted at this size, and enlarged to the clip's."""
    sizes: list[Side] = Field(default=[])
    """Longer sides, coarse to fine, through which the result is painted up to size. If empty, size
    is halved down to 128. The same number as size paints at that size only."""
    style_scale: Rate = 1
    """Longer side of the paintings, relative to that of the result. Larger means broader
    strokes."""
    steps: Count = 200
    """Evaluations of the loss and its gradient at each size."""
    frame_steps: Count = 30
    """Evaluations for each frame of a clip but the first of a shot, at the last size only: such a
    frame begins from the last one's result, moved."""
    optimizer: Optimizer = "lbfgs"
    """lbfgs reaches a lower loss in the same number of evaluations. adam needs less memory."""
    init: Literal["content", "noise"] = "content"
    """Start of the optimization: the photograph (content), or noise drawn from the seed."""
    content_weight: Weight = 1
    """Weight of the content term."""
    style_weight: Weight = 30
    """Weight of the style term."""
    tv_weight: Weight = 10
    """Weight of the total variation. Larger is smoother."""
    perceptual: PerceptualConfig = PerceptualConfig()
    """The network in whose feature maps method optimize compares pictures."""
    wct: WctConfig = WctConfig()
    tile: Annotated[int, Field(ge=256, multiple_of=32)] = 768
    """Side of tiles in pixels. Larger pictures go through the network in tiles, which needs less
    memory."""
    device: Device = "auto"
    """Where to compute. auto uses a GPU if there is one."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of the noise."""
    overwrite: bool = False
    """Replace existing files. If not set, an existing output is an error, and images of a folder
    that exist in the output are skipped."""
    marks: bool = True
    """Mark each file, in its XMP, as made by a trained network, with the network's name. With
    false, no XMP is written."""
    log: Path | None = None
    """Folder for curves of the losses in TensorBoard."""
    save_every: Count | None = None
    """Steps between intermediate pictures, which are written next to the output."""
    sweep: list[str] = Field(default=[])
    """Option and values, NAME=VALUE,VALUE,...: paint with each value and write one labeled sheet of
    all results. If given several times, every combination is painted."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if not self.style:
            raise ValueError("style must name at least one painting")
        self._check_method()
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

        if self.whole_folder and self.output.suffix.lower() in IMAGE_SUFFIXES:
            raise ValueError(f"output {self.output}: content is a folder, so name a folder here")
        if self.is_clip:
            self._check_clip()
        elif not self.whole_folder and self.output.suffix.lower() not in IMAGE_SUFFIXES:
            raise ValueError(
                f"output {self.output}: the name must end in an image suffix, for example out.png"
            )
        inputs = {path.resolve() for path in (self.content, *self.style, *self.masks)}
        if self.output.resolve() in inputs:
            raise ValueError(f"output {self.output} would replace an input: name another file")
        return self

    def _check_clip(self) -> None:
        """Raise ValueError if an option is set that clips do not have."""
        for key in ONLY_IMAGES:
            if getattr(self, key):
                raise ValueError(f"{key}: content {self.content} is a clip: name a photograph")

    def _check_method(self) -> None:
        """Raise ValueError if an option is set that belongs to the other method."""
        foreign, its = {"optimize": (ONLY_WCT, "wct"), "wct": (ONLY_OPTIMIZE, "optimize")}[
            self.method
        ]
        default = type(self).model_fields
        for key in foreign:
            section, _, name = key.rpartition(".")
            usual = default[section].default if section else default[key].default
            own = getattr(self, section) if section else self
            if getattr(own, name) != (getattr(usual, name) if section else usual):
                raise ValueError(f"{key} is for method {its}: remove it, or set method {its}")
        if self.method == "wct":
            self._check_wct()

    def _check_wct(self) -> None:
        """Raise ValueError if options of method wct contradict each other."""
        levels = self.wct.levels
        if not levels or sorted(set(levels), reverse=True) != levels:
            raise ValueError(f"wct.levels {levels}: name levels once each, the deepest first")
        if not self.wct.decoder:
            raise ValueError(f"wct.decoder: name a decoder's run directory; {TRAIN}")
        if self.whole_folder and (self.masks or self.sweep):
            key = "masks" if self.masks else "sweep"
            raise ValueError(f"{key}: content {self.content} is a folder: name a photograph")
        if self.whole_folder:
            check_place(self.output, [self.content, *self.style])

    @property
    def is_clip(self) -> bool:
        """Whether content is a clip, by its name."""
        from gan.images.clips import SUFFIXES

        return self.content.suffix.lower() in SUFFIXES and not self.whole_folder

    @property
    def whole_folder(self) -> bool:
        """Whether content is a folder of photographs."""
        return self.method == "wct" and self.content.is_dir()

    def shares(self) -> list[float]:
        """Return the styles' weights, scaled to a sum of 1."""
        weights = self.style_weights or [1.0] * len(self.style)
        return [weight / sum(weights) for weight in weights]
