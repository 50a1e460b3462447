"""The options of `gan augment`: the text below a field is its help."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gan.augment.gates import GATES, check_threshold
from gan.config import Count, Rate, Section, Weight
from gan.config.choices import MAX_DECODED_MB, MAX_MEGAPIXELS, Device, Precision
from gan.config.sections import Place, Side
from gan.config.table import NameIn
from gan.config.tables.formats import FORMATS
from gan.domains import Direction
from gan.inference.folder.options import shard_fault
from gan.system.remote import RemotePath


def strength_range(values: float | Sequence[float]) -> tuple[float, float]:
    """Return the lowest and the highest strength, 0 to 1; ValueError for other values."""
    numbers = [values] if isinstance(values, (int, float)) else [*values]
    if not (1 <= len(numbers) <= 2 and 0 <= numbers[0] <= numbers[-1] <= 1):
        raise ValueError(
            f"strength: must be one number from 0 to 1, or a lower and a higher one, not {values}"
        )
    return float(numbers[0]), float(numbers[-1])


class AugmentOptions(Section):
    """A labeled dataset, translated by trained generators.

    The output is a dataset of the same format and structure. Translations that would make its
    labels wrong are rejected. The output also holds augmentation.jsonl (a line for each
    translation: source, model, scores, decision), augmentation.json (settings and thresholds) and
    sheet.png. If the command is interrupted, run it again to continue. The exit status is 1 if an
    image could not be translated.
    """

    model: list[Path] = Field(min_length=1)
    """Run directory, or one of its gen_*.safetensors files. If given several times, a model is
    drawn for every image."""
    dataset: Place
    """Folder of the labeled dataset, or its URL (s3://bucket/traffic), with the extra remote.
    Nothing in it is changed."""
    format: Annotated[str, NameIn(FORMATS)]
    """Format of the dataset. imagefolder: folders are classes. yolo: text files. coco: JSON. voc:
    XML. labelme: JSON for each image. kitti: image_2 with label_2. masks: mask images,
    also those of Cityscapes."""
    output: Place
    """Folder or URL for the new dataset: new, empty, or an unfinished output of the same command.
    It must not be inside the source dataset."""
    direction: Direction | None = None
    """ab translates A to B, ba translates B to A. Required if a model holds both."""
    mode: Literal["replace", "add", "mix"] = "replace"
    """How images are changed. replace: translations replace them. add: translations are added under
    new names. mix: each image is blended with its translation."""
    ratio: Rate = 1
    """Number of translations for each image. Below 1, only a share of the images is translated.
    Above 1, some have several translations, which requires mode add and several models or
    strengths."""
    strength: str | None = None
    """Share of the translation in the written image, from 0 to 1. With two numbers, such as
    0.3,0.9, it is drawn between them for every image. If not set, 1, or 0,1 in mode mix."""
    weights: list[Weight] = Field(default=[])
    """Share of the images for each model, in the order of model. If empty, all shares are equal."""
    splits: list[str] = Field(default=["train"], min_length=1)
    """Split to translate. May be given several times. Other splits are copied unchanged."""
    structure: str = GATES["structure"].default
    """Smallest correlation of edge directions with the source's. All gates take a number, 5%
    (rejects the worst 5 percent), 6mad (rejects scores that are worse than the median by more than
    6 median absolute deviations) or off."""
    shift: str = GATES["shift"].default
    """Largest displacement of edges, from 0 to 1: the share of the agreement after the best shift
    that is missing without the shift."""
    edges: str = GATES["edges"].default
    """Smallest correlation of edge directions inside any labeled box or color of a mask."""
    luma: str = GATES["luma"].default
    """Smallest correlation of lightness with the source's. Below 0 a picture is a negative."""
    contrast: str = GATES["contrast"].default
    """Smallest share of the source's contrast in the translation."""
    identity: str = GATES["identity"].default
    """Smallest similarity, from -1 to 1, of images of the target domain to the generator's outputs
    for them. It applies if the generator was trained to keep them (loss.identity or
    loss.nce_identity). One score for all translations of a model."""
    realism: str = GATES["realism"].default
    """Smallest part of the distance from the source's colors and textures to those of the target
    domain that a translation must cover, from 0 to 1."""
    target: Path | None = None
    """Folder of images that translations should look like. If not set, the run's training images of
    that domain, if they still exist."""
    cycle: str = GATES["cycle"].default
    """Largest mean difference between source and reconstruction, from 0 to 1. It applies if the run
    has both generators."""
    task: str | None = None
    """Model whose prediction on the source must survive the translation: a TorchScript file of a
    classifier or detector, an ONNX file of a classifier, or NAME=FILE, a torchvision classifier and
    its weights."""
    task_score: str = GATES["task"].default
    """Smallest share of the prediction that must survive. With 1 the predicted class, or all
    detected objects, must stay the same."""
    task_size: Count | None = None
    """Side, in pixels, of the square to which images are resized for the task model. If not set,
    224 for torchvision's models; for others, images keep their size, up to 512 pixels."""
    ablation: bool = False
    """Afterwards train small networks on the unchanged dataset, with strong color augmentation, and
    with 25, 50 and 100 % translations. Print which scores best on the images of test."""
    test: Path | None = None
    """Labeled images of the target domain for the ablation: a dataset of the same format. Its split
    test is used, or all of it if there is none."""
    ablation_steps: Count = 300
    """Training steps of each small network, of 32 samples, or of 16 with masks."""
    ablation_seeds: Annotated[int, Field(ge=3, le=10)] = 5
    """Number of trainings per condition, with different seeds. Intervals cover their
    differences."""
    ablation_flip: bool = True
    """Mirror the samples of the small networks at random. Use false if left and right differ, as in
    letters."""
    keep_rejected: bool = False
    """Keep the originals of rejected images instead of removing them (modes replace and mix)."""
    keep_classes: bool = True
    """Keep the originals of a class folder that would otherwise have no image (modes replace and
    mix). Loaders that skip empty classes would number the later ones differently."""
    link: bool = False
    """Make hard links to the source's files instead of copies."""
    shard: str = "1/1"
    """Translate one part of the images, 3/64 the third of 64. Each part is a separate command, on
    any machine; the last one to end decides about all translations and writes the labels."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of all draws. A draw depends only on it and on the image's name."""
    size: Side | None = None
    """Shorter side in pixels to which images are scaled for the network. Translations are scaled
    back to the images' own sizes. If not set, images are not scaled."""
    style: Path | None = None
    """Painting whose style the translations get, for generators that take a style image."""
    device: Device = "auto"
    """Where to compute. auto uses a GPU if there is one."""
    precision: Precision = "fp32"
    """Precision of the networks' arithmetic."""
    quality: Annotated[int, Field(ge=1, le=100)] = 95
    """Quality of JPEG, WebP, AVIF and HEIC files."""
    marks: bool = True
    """Mark each translation, in its XMP, as made by a trained model, with the model's name. With
    false, no XMP is written."""
    batch_size: Count | None = None
    """Number of images of equal size that are translated together. If not set, a few if they are
    small."""
    tile: Annotated[int, Field(ge=64)] | None = None
    """Side of the tiles in pixels. If not set, only images that would not fit into memory are
    tiled."""
    max_megapixels: Rate = MAX_MEGAPIXELS
    """Images with more megapixels are rejected."""
    max_decoded_mb: Rate = MAX_DECODED_MB
    """Megabytes of memory that reading may use, for all images at once. An image that would need
    more is rejected."""

    @model_validator(mode="after")
    def check(self) -> Self:
        given, models = len(self.weights), len(self.model)
        if given not in (0, models):
            raise ValueError(f"weights: {given} values, but model has {models}: give as many")
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
            shard_fault(self.shard),
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
        """Return pairs for the ablation's options: whether a rule is broken, and its message."""
        defaults = {name: field.default for name, field in type(self).model_fields.items()}
        changed = [
            name
            for name in ("ablation_steps", "ablation_seeds", "ablation_flip")
            if getattr(self, name) != defaults[name]
        ]
        remote = any(isinstance(at, RemotePath) for at in (self.dataset, self.output))
        return [
            (
                self.link and remote,
                "link: hard links are for folders, not for URLs: remove link",
            ),
            (
                self.ablation and (remote or self.shard != "1/1"),
                "ablation: it needs folders on this machine, and no --shard: run it afterwards",
            ),
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
                "strength: must be one number from 0 to 1, or a lower and a higher one (0.3,0.9), "
                f"not {text}"
            ) from None

    def shares(self) -> dict[int, float]:
        """Map the models' indices to their weights; omit weights of 0."""
        weights = self.weights or [1.0] * len(self.model)
        return {number: weight for number, weight in enumerate(weights) if weight}

    def gates(self) -> dict[str, str]:
        """Map each gate to its threshold as text, such as 0.2 or 6mad."""
        return {name: self.task_score if name == "task" else getattr(self, name) for name in GATES}
