"""The options of `gan augment`: the text below a field is its help."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gan.augment.gates import GATES, check_threshold
from gan.config import Count, Rate, Section, Weight
from gan.config.choices import MAX_DECODED_MB, MAX_MEGAPIXELS, Device, Precision
from gan.config.table import NameIn
from gan.config.tables.formats import FORMATS
from gan.domains import Direction


def strength_range(values: float | Sequence[float]) -> tuple[float, float]:
    """Return the lowest and the highest strength, 0 to 1; ValueError for other values."""
    numbers = [values] if isinstance(values, (int, float)) else [*values]
    if not (1 <= len(numbers) <= 2 and 0 <= numbers[0] <= numbers[-1] <= 1):
        raise ValueError(f"strength: {values} must be a number from 0 to 1, or two that rise")
    return float(numbers[0]), float(numbers[-1])


class AugmentOptions(Section):
    """A labeled dataset, translated by trained generators.

    The output is a dataset of the same format and structure, without translations that would spoil
    its labels. It also holds augmentation.jsonl (a line for each translation: source, model,
    scores, decision), augmentation.json (settings and thresholds) and sheet.png. The same command
    continues where it was stopped. The exit status is 1 if an image could not be translated.
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
    """ab translates A to B, ba B to A; required if a model holds both."""
    mode: Literal["replace", "add", "mix"] = "replace"
    """replace: translations replace images; add: they are added under new names; mix: each image is
    blended with its translation."""
    ratio: Rate = 1
    """Translations per image: below 1, only some images are translated; above 1 (mode add, several
    models or strengths), some are translated several times."""
    strength: str | None = None
    """Weight of the translation in the written image, 0 to 1: a number, or two, such as 0.3,0.9, to
    draw between for every image. Not set: 1 or, in mode mix, 0,1."""
    weights: list[Weight] = Field(default=[])
    """Part of the images for each model, in the order of model; empty for equal parts."""
    splits: list[str] = Field(default=["train"], min_length=1)
    """Split to translate; may be given several times. Other splits are copied unchanged."""
    structure: str = GATES["structure"].default
    """Least correlation of edge directions with the source's: a number, 5% (reject the worst),
    6mad (reject outliers from the median) or off. All gates take these values."""
    shift: str = GATES["shift"].default
    """Largest gain of this correlation if the image were shifted."""
    edges: str = GATES["edges"].default
    """Least correlation of edge directions inside any labeled box or color of a mask."""
    luma: str = GATES["luma"].default
    """Least correlation of lightness with the source's: below 0 an image is a negative."""
    contrast: str = GATES["contrast"].default
    """Least contrast of the translation relative to the source's."""
    identity: str = GATES["identity"].default
    """Least agreement of images of the target domain with the generator's output for them, if it
    was trained to keep them (loss.identity): one number for all translations of a model."""
    realism: str = GATES["realism"].default
    """Least realism, 0 to 1: 0 if colors and textures are not nearer to the target domain's than
    the source's are, 1 if they are near enough."""
    target: Path | None = None
    """Folder of images that translations should look like; not set: the run's training images of
    the target domain, if they still exist."""
    cycle: str = GATES["cycle"].default
    """Largest mean difference of source and reconstruction, 0 to 1, if the run has both
    generators."""
    task: str | None = None
    """Task model, whose prediction must not change: a TorchScript or ONNX file of a classifier, a
    TorchScript file of a detector, or NAME=FILE, a torchvision classifier and its weights."""
    task_score: str = GATES["task"].default
    """Least part of the prediction that is kept; 1: the predicted class must not change."""
    task_size: Count | None = None
    """Side of the task model's square input, in pixels; not set: 224 for torchvision's classifiers,
    the image's size for other models."""
    ablation: bool = False
    """Afterwards train a small network on the original dataset, with strong color augmentation, and
    with 25, 50 and 100 % of translations; print which is best on the images of test."""
    test: Path | None = None
    """Labeled images of the target domain, a dataset of the same format, used by ablation only: its
    split test if it has one, else all of it."""
    ablation_steps: Count = 300
    """Steps of each small network, with 32 samples, or 16 with masks."""
    ablation_seeds: Annotated[int, Field(ge=3, le=10)] = 5
    """Trainings per condition: intervals cover the differences between them."""
    ablation_flip: bool = True
    """Mirror the samples of the small networks at random; set false if left and right differ, as in
    letters."""
    keep_rejected: bool = False
    """Keep the originals of rejected images instead of removing them (replace and mix)."""
    keep_classes: bool = True
    """Keep the originals of a class folder if none of its translations is accepted: without images
    the numbers of the classes after it would change (replace and mix)."""
    link: bool = False
    """Make hard links to the source's files instead of copies."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of all draws, which depend only on it and on the image's name."""
    style: Path | None = None
    """Style image, for generators that take one."""
    device: Device = "auto"
    """Device for computing; auto uses a GPU if there is one."""
    precision: Precision = "fp32"
    """Precision of the networks' arithmetic."""
    quality: Annotated[int, Field(ge=1, le=100)] = 95
    """Quality of JPEG, WebP, AVIF and HEIC."""
    batch_size: Count | None = None
    """Images of equal size that are translated at once; not set: several if they are small."""
    tile: Annotated[int, Field(ge=64)] | None = None
    """Side of tiles to translate in, in pixels; not set: tiles only for images that would not fit
    into memory."""
    max_megapixels: Rate = MAX_MEGAPIXELS
    """Larger images are rejected."""
    max_decoded_mb: Rate = MAX_DECODED_MB
    """Megabytes for decoding all images at a time; an image that needs more is rejected."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if len(self.weights) not in (0, len(self.model)):
            raise ValueError(f"weights: {len(self.weights)} values for {len(self.model)} model")
        if self.weights and not sum(self.weights):
            raise ValueError("weights: at least one must be larger than 0")
        low, high = self.strengths()
        drawn = len({self.model[number] for number in self.shares()})
        rules = [
            (not high, f"strength: {self.strength} would change nothing: set it above 0"),
            (
                self.ratio > 1 and self.mode != "add",
                f"ratio: {self.ratio} requires mode add; in mode {self.mode} at most 1",
            ),
            (
                self.ratio > drawn and low == high,
                f"ratio: {self.ratio} would make equal images: set at most {drawn}, the number of "
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
        """Return rules about the ablation's options: whether each is broken, and its message."""
        defaults = {name: field.default for name, field in type(self).model_fields.items()}
        changed = [
            name
            for name in ("ablation_steps", "ablation_seeds", "ablation_flip")
            if getattr(self, name) != defaults[name]
        ]
        return [
            (
                self.ablation and self.test is None,
                "test: --ablation requires --test FOLDER, labeled images of the target domain",
            ),
            (
                not self.ablation and self.test is not None,
                f"test: {self.test} is used by ablation only: add --ablation",
            ),
            (
                not self.ablation and bool(changed),
                f"{''.join(changed[:1])}: is used by ablation only: add --ablation",
            ),
        ]

    def strengths(self) -> tuple[float, float]:
        """Return the lowest and the highest strength, 0 to 1."""
        text = self.strength or ("0,1" if self.mode == "mix" else "1")
        try:
            return strength_range([float(word) for word in text.split(",")])
        except ValueError:
            raise ValueError(
                f"strength: {text} must be like 0.5, or like 0.3,0.9, from 0 to 1"
            ) from None

    def shares(self) -> dict[int, float]:
        """Return the weights of the models by number, without weights of 0."""
        weights = self.weights or [1.0] * len(self.model)
        return {number: weight for number, weight in enumerate(weights) if weight}

    def gates(self) -> dict[str, str]:
        """Return the texts of the thresholds by gate."""
        return {name: self.task_score if name == "task" else getattr(self, name) for name in GATES}
