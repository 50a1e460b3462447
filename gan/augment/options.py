"""The options of `gan augment`: the text below a field is its help."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gan.augment.gates import GATES, check_threshold
from gan.config import Count, Rate, Section, Weight
from gan.config.choices import MAX_DECODED_MB, MAX_MEGAPIXELS, Device, Precision
from gan.config.sections import Side
from gan.config.table import NameIn
from gan.config.tables.formats import FORMATS
from gan.domains import Direction


def strength_range(values: float | Sequence[float]) -> tuple[float, float]:
    """Return between which strengths are drawn; ValueError where they are none."""
    numbers = [values] if isinstance(values, (int, float)) else [*values]
    if not (1 <= len(numbers) <= 2 and 0 <= numbers[0] <= numbers[-1] <= 1):
        raise ValueError(f"strength: {values} should be a number from 0 to 1, or two that rise")
    return float(numbers[0]), float(numbers[-1])


class AugmentOptions(Section):
    """A labeled dataset, translated by trained generators.

    The output is a dataset of the same format and structure, without translations that would spoil
    its labels. It also holds augmentation.jsonl (a line for each translation: source, model,
    scores, decision), augmentation.json (settings and thresholds) and sheet.png. The same command
    continues where it was stopped. The exit status is 1 where an image could not be translated.
    """

    model: list[Path] = Field(min_length=1)
    """Run directory, or one of its gen_*.safetensors files. Given several times, one of them is
    drawn for every image."""
    dataset: Path
    """Folder of the labeled dataset; nothing in it is changed."""
    format: Annotated[str, NameIn(FORMATS)]
    """imagefolder: folders are classes; yolo: text files; coco: JSON; voc: XML; labelme: JSON for
    each image; kitti: image_2 with label_2; masks: pictures, Cityscapes' too."""
    output: Path
    """Folder for the new dataset, new or empty, outside the source."""
    direction: Direction | None = None
    """ab translates A to B, ba B to A; needed where a model holds both."""
    mode: Literal["replace", "add", "mix"] = "replace"
    """replace: translations take the place of images; add: they join them under new names; mix:
    each image becomes a blend with its translation."""
    ratio: Rate = 1
    """Translations for each image: below 1 a part of the images has one, above 1 (mode add, several
    models or strengths) some have several."""
    strength: str | None = None
    """Share of the translation in what is written: a number, or two, 0.3,0.9, to draw between for
    every image. Not set, 1 or, in mode mix, 0,1."""
    weights: list[Weight] = Field(default=[])
    """Share of the images for each model, in the order of model; empty for equal shares."""
    splits: list[str] = Field(default=["train"], min_length=1)
    """Split to translate; may be given several times. All others are carried as they are."""
    structure: str = GATES["structure"].default
    """Least correlation of edge directions with the source's: a number, 5% (the worst are
    rejected), 6mad (what is far from the median) or off; so all gates."""
    shift: str = GATES["shift"].default
    """Most that this correlation would gain if the picture were moved."""
    edges: str = GATES["edges"].default
    """Least correlation of edge directions inside any labeled box or color of a mask."""
    luma: str = GATES["luma"].default
    """Least correlation of lightness with the source's: below 0 a picture is a negative."""
    contrast: str = GATES["contrast"].default
    """Least share of the source's contrast that is left."""
    identity: str = GATES["identity"].default
    """Least agreement of images of the target domain with what the generator makes of them, where
    it was trained to keep them (loss.identity): one number for all of a model's translations."""
    realism: str = GATES["realism"].default
    """Least part of the way from the source's colors and textures to those of the target domain."""
    target: Path | None = None
    """Folder of images that translations should look like; if not set, the run's own training
    images of that domain, where they still are."""
    cycle: str = GATES["cycle"].default
    """Largest mean difference of source and reconstruction, 0 to 1, where the run has both
    generators."""
    task: str | None = None
    """Model whose prediction on the source must survive: a TorchScript or ONNX file of a classifier
    or detector, or NAME=FILE, a torchvision classifier and its weights."""
    task_score: str = GATES["task"].default
    """Least share of the prediction that survives; 1: the class of the source stays the first."""
    task_size: Count | None = None
    """Side of the square that the task model sees, in pixels; not set, 224 for torchvision's, the
    image's own size for others."""
    ablation: bool = False
    """Then train a small network of ours on the dataset as it is, with strong color augmentation,
    and translated at 25, 50 and 100 %, and print which is best on the images of test."""
    test: Path | None = None
    """Labeled images of the target domain, a dataset of the same format, for ablation alone: its
    split test where it has one, else all of it."""
    ablation_steps: Count = 300
    """Steps of each small network, of 32 samples, or 16 with masks."""
    ablation_seeds: Annotated[int, Field(ge=3, le=10)] = 5
    """Trainings under each condition: intervals cover what differs between them."""
    ablation_flip: bool = True
    """Mirror the samples of the small networks at random; false where left and right differ, as
    in letters."""
    keep_rejected: bool = False
    """Keep the originals of rejected images, in place of removing them (replace and mix)."""
    keep_classes: bool = True
    """Keep the originals of a class folder none of whose translations is accepted: without an image
    the classes after it would change their numbers (replace and mix)."""
    link: bool = False
    """Hard links to the source's files in place of copies."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of all draws, which are functions of it and of the image's name."""
    size: Side | None = None
    """Shorter side, in pixels, that images are scaled to before the network sees them. Translations
    are scaled back to the images' own sizes. Not set, images are translated as they are."""
    style: Path | None = None
    """Painting whose style to give, for generators that are shown one."""
    device: Device = "auto"
    """Where to compute; auto takes a GPU where there is one."""
    precision: Precision = "fp32"
    """Arithmetic of the networks."""
    quality: Annotated[int, Field(ge=1, le=100)] = 95
    """Of JPEG, WebP, AVIF and HEIC."""
    batch_size: Count | None = None
    """Images of one size that are translated at once; not set, a few small ones."""
    tile: Annotated[int, Field(ge=64)] | None = None
    """Translate in tiles of so many pixels a side; not set, only what would not fit is."""
    max_megapixels: Rate = MAX_MEGAPIXELS
    """Larger images are rejected."""
    max_decoded_mb: Rate = MAX_DECODED_MB
    """Megabytes that reading may take, all images at once; who would take more is rejected."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if len(self.weights) not in (0, len(self.model)):
            raise ValueError(f"weights: {len(self.weights)} given for {len(self.model)} model")
        if self.weights and not sum(self.weights):
            raise ValueError("weights: at least one must be larger than 0")
        low, high = self.strengths()
        drawn = len({self.model[number] for number in self.shares()})
        rules = [
            (not high, f"strength: {self.strength} would leave all as it is: more than 0"),
            (
                self.ratio > 1 and self.mode != "add",
                f"ratio: {self.ratio} needs mode add; in {self.mode} at most 1",
            ),
            (
                self.ratio > drawn and low == high,
                f"ratio: {self.ratio} would make equal pictures: at most {drawn}, the number of "
                "models, or draw the strength (strength 0.3,1)",
            ),
            (
                self.task is None and self.task_score != GATES["task"].default,
                f"task_score: {self.task_score} has no effect without task",
            ),
            (
                self.task is None and self.task_size is not None,
                f"task_size: {self.task_size} has no effect without task",
            ),
            (
                self.keep_rejected and self.mode == "add",
                "keep_rejected: mode add keeps all originals: remove keep_rejected",
            ),
        ]
        for broken, message in [*rules, *self._ablation_rules()]:
            if broken:
                raise ValueError(message)
        for key, text in self.gates().items():
            try:
                check_threshold(GATES[key], text)
            except ValueError as error:
                raise ValueError(f"{'task_score' if key == 'task' else key}: {error}") from error
        return self

    def _ablation_rules(self) -> list[tuple[bool, str]]:
        """Return what options of the ablation contradict, and how that is told."""
        defaults = {name: field.default for name, field in type(self).model_fields.items()}
        changed = [
            name
            for name in ("ablation_steps", "ablation_seeds", "ablation_flip")
            if getattr(self, name) != defaults[name]
        ]
        return [
            (
                self.ablation and self.test is None,
                "test: --ablation needs --test FOLDER, labeled images of the target domain",
            ),
            (
                not self.ablation and self.test is not None,
                f"test: {self.test} is used by ablation alone: add --ablation",
            ),
            (
                not self.ablation and bool(changed),
                f"{''.join(changed[:1])}: is used by ablation alone: add --ablation",
            ),
        ]

    def strengths(self) -> tuple[float, float]:
        """Return between which strengths are drawn."""
        text = self.strength or ("0,1" if self.mode == "mix" else "1")
        try:
            return strength_range([float(word) for word in text.split(",")])
        except ValueError:
            raise ValueError(
                f"strength: {text} should be like 0.5, or like 0.3,0.9, from 0 to 1"
            ) from None

    def shares(self) -> dict[int, float]:
        """Return the weights of the models, by their numbers, without those never drawn."""
        weights = self.weights or [1.0] * len(self.model)
        return {number: weight for number, weight in enumerate(weights) if weight}

    def gates(self) -> dict[str, str]:
        """Return the thresholds by gate."""
        return {name: self.task_score if name == "task" else getattr(self, name) for name in GATES}
