"""The sections of the configuration: their keys, defaults and ranges.

The sections of the training itself are in training.py. Every section is a pydantic model. The text
under a field is its help on the command line. Errors name the dotted key.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator

from gan.config.choices import (
    MAX_DECODED_MB,
    Channels,
    Downsample,
    Norm,
    Range,
    Upsample,
    WeightedTerm,
    is_range,
)
from gan.config.table import NameIn
from gan.config.tables.adversarial import ADVERSARIAL
from gan.config.tables.datasets import DATASETS
from gan.config.tables.discriminators import DISCRIMINATORS
from gan.config.tables.generators import GENERATORS
from gan.config.tables.losses import LOSS_TERMS
from gan.domains import Direction, Domain

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1, lt=2**31)]
CountOrZero = Annotated[int, Field(ge=0, lt=2**31)]
Batch = Annotated[int, Field(ge=1, le=65536)]
Width = Annotated[int, Field(ge=1, le=4096)]
"""Channels of a network's first convolution: far more than fit into any memory."""
Side = Annotated[int, Field(ge=16, le=16384)]
"""Side of an image in pixels."""
Number = Annotated[float, Strict()]
Ends = tuple[Number, Number]
"""Ends of a range; Strict, so that true is not 1."""
Resamples = Annotated[int, Field(ge=0, le=10_000)]
"""Resamples for intervals: the limit is far more than needed; one number per image is kept."""
Fault = tuple[object, str]
"""A condition that is true if keys contradict each other, and the message about them."""


class Section(BaseModel):
    """Base of all sections: immutable, no unknown keys, field documentation as help."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="after")
    def check(self) -> Self:
        for wrong, message in self.faults():
            if wrong:
                raise ValueError(message)
        return self

    def faults(self) -> Iterator[Fault]:
        """Yield contradictions between keys; the first whose condition is true is reported."""
        return iter(())


class DataConfig(Section):
    """The folders of images, and how training crops are made of them."""

    root: Path | None = None
    """Folder with trainA and trainB (and, for the sample grids, testA and testB)."""
    a: Path | None = None
    """Folder of domain A, in place of data.root."""
    b: Path | None = None
    """Folder of domain B, in place of data.root."""
    dataset: Annotated[str, NameIn(DATASETS)] = "unpaired"
    """unpaired: the images in these folders; or a dataset that an extension registers."""
    resize: Literal["square", "short", "none"] = "square"
    """square: to load_size x load_size; short: shorter side to load_size; none: as it is."""
    load_size: Side = 286
    """Pixels after the resize."""
    crop_size: Side = 256
    """Side of the random square crop that the networks see, in pixels."""
    flip: bool = True
    """Mirror half of the images."""
    augment: list[dict[str, Any]] = []
    """More albumentations, each as {name: arguments}, for instance [{ColorJitter: {p: 0.5}}]."""
    channels_a: Channels = 3
    """Color channels of domain A: 3, or 1 for gray."""
    channels_b: Channels = 3
    """Color channels of domain B: 3, or 1 for gray."""
    range_a: Ends | None = None
    """Numbers in domain A's files that are black and white, for instance [0, 4095] for 12 bits or
    [-1024, 3071]; 16 bits a channel then. Kept in the generators' files."""
    range_b: Ends | None = None
    """The same for domain B: what its files hold, and what translations into it become."""
    max_images: Count | None = None
    """Use only the first so many images of each folder, in sorted order."""
    max_unreadable: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Largest share of a folder's files that may be unreadable; above it the run stops."""
    max_decoded_mb: Rate = MAX_DECODED_MB
    """Megabytes that reading may take in a process, all its loader workers together; who would
    take more is unreadable."""
    draft: bool = False
    """Decode large JPEGs at a reduced scale: faster, moves pixels by a few gray levels."""
    cache: Path | None = None
    """Folder that keeps images as they are after the resize, so that each is decoded once; it may
    serve several runs. The numbers are the same."""
    cache_gb: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 20
    """Largest size of data.cache, in gigabytes; images beyond it are decoded every time."""
    workers: Annotated[int, Field(ge=0, le=1024)] = 4
    """Loader processes on every training process; 0 loads in the training process itself."""

    def faults(self) -> Iterator[Fault]:
        yield (
            self.root is not None and self.a is not None,
            "data.root and data.a + data.b exclude each other: set one of them",
        )
        yield (
            self.resize != "none" and self.crop_size > self.load_size,
            f"data.crop_size ({self.crop_size}) is larger than data.load_size ({self.load_size})",
        )
        for key in ("range_a", "range_b"):
            if (values := getattr(self, key)) is not None:
                yield (
                    not is_range(*values),
                    f"data.{key}: {list(values)}, must be two numbers that differ, the lower first",
                )

    def train_folder(self, domain: Domain) -> Path:
        """Return the folder of a domain's training images; ValueError if no key names one."""
        folder = self.a if domain == "a" else self.b
        if folder is not None:
            return folder
        if self.root is None:
            raise ValueError(
                "data.root is not set: name the folder that holds trainA and trainB "
                "(or set data.a and data.b)"
            )
        return self.root / f"train{domain.upper()}"

    def test_folder(self, domain: Domain) -> Path | None:
        """Return the folder of a domain's test images, or None."""
        folder = None if self.root is None else self.root / f"test{domain.upper()}"
        return folder if folder is not None and folder.is_dir() else None

    def channels(self, domain: Domain) -> Channels:
        """Return the number of color channels of a domain."""
        return self.channels_a if domain == "a" else self.channels_b

    def values(self, domain: Domain) -> Range | None:
        """Return the range of values in a domain's files, or None if none is set."""
        return self.range_a if domain == "a" else self.range_b


class NetworksConfig(Section):
    """The architectures: two generators of one kind, two discriminators of another."""

    generator: Annotated[str, NameIn(GENERATORS)] = "resnet_9blocks"
    """Architecture of both generators; adain: one alone, which takes a style picture besides."""
    generator_channels: Width = 64
    """Channels after the first convolution of a generator."""
    discriminator: Annotated[str, NameIn(DISCRIMINATORS)] = "basic"
    """basic: 70x70 PatchGAN; n_layers: with discriminator_layers; pixel: 1x1 convolutions;
    projected: n_layers, joined by heads on the feature maps of a frozen network (Sauer et al.)."""
    discriminator_channels: Width = 64
    """Channels after the first convolution of a discriminator."""
    discriminator_layers: Annotated[int, Field(ge=1, le=6)] = 3
    """Strided convolutions of the n_layers discriminator, and of projected."""
    discriminator_backbone: str = "mobilenet_v2"
    """Frozen torchvision classifier whose feature maps the projected discriminator scores."""
    discriminator_weights: Path | None = None
    """File with its weights, .pth or .safetensors; else torchvision's cache or download."""
    norm: Norm = "instance"
    """Normalization in all four networks, affine with a learned scale and shift; adain has its
    own."""
    upsample: Upsample = "deconv"
    """deconv: transposed convolutions; resize: nearest-neighbor, convolution: no checkerboard;
    blur: CUT's, filter, convolution."""
    downsample: Downsample = "stride"
    """stride: convolutions that skip pixels; blur: CUT's, convolution, filter."""
    dropout: bool = False
    """Dropout of 0.5 in the generators."""
    init_gain: Rate = 0.02
    """Standard deviation of the initial weights."""
    weights: Path | None = None
    """Folder of a run, ours or the reference's, from whose networks training starts; networks that
    it lacks get initial weights."""
    weights_ab: Path | None = None
    """File from which the A to B generator starts, of any kind that gan convert opens."""
    weights_ba: Path | None = None
    """File from which the B to A generator starts."""

    def faults(self) -> Iterator[Fault]:
        for key in ("upsample", "downsample"):
            yield (
                getattr(self, key) == "blur" and not GENERATORS[self.generator].blurs,
                f"networks.{key} blur is for ResNet generators: with networks.generator "
                f"{self.generator} remove it",
            )


class LossConfig(Section):
    """The terms of the objective and their absolute weights."""

    adversarial: Annotated[str, NameIn(ADVERSARIAL)] = "lsgan"
    """Form of the adversarial loss."""
    gradient_penalty: Weight = 10
    """Weight of the adversarial form's regularizer: the gradient penalty of wgan_gp."""
    cycle: Weight = 10
    """Weight of the cycle-consistency loss."""
    cycle_a: Weight | None = None
    """Weight of the cycle A -> B -> A, where it differs from loss.cycle."""
    cycle_b: Weight | None = None
    """Weight of the cycle B -> A -> B, where it differs from loss.cycle."""
    identity: Weight = 5
    """Weight of the identity loss; 0 turns it off."""
    identity_a: Weight | None = None
    """Weight of the identity loss in A, where it differs from loss.identity."""
    identity_b: Weight | None = None
    """Weight of the identity loss in B, where it differs from loss.identity."""
    perceptual: Weight = 0
    """Weight of the distance of translations to their originals in feature maps."""
    perceptual_cycle: Weight = 0
    """Weight of the distance of reconstructions to their originals in feature maps."""
    style: Weight = 0
    """Weight of the distance of translations to their new domain, or to style.image, in Gram
    matrices of feature maps."""
    tv: Weight = 0
    """Weight of the total variation of translations."""
    semantic: Weight = 0
    """Weight of what a frozen classifier of A loses when it is given translations in place of
    their originals."""
    semantic_ab: Weight | None = None
    """Weight of the semantic loss of A -> B, where it differs from loss.semantic."""
    semantic_ba: Weight | None = None
    """Weight of the semantic loss of B -> A, where it differs from loss.semantic: the target there
    is what the classifier, which knows A alone if it was trained here, takes B's images for."""
    nce: Weight = 0
    """Weight of the contrastive loss of train.recipe contrastive: 1 in CUT, 10 in FastCUT."""
    nce_identity: bool = True
    """Half of the contrastive loss compares the generator's outputs for images of B with these, as
    in CUT; false in FastCUT."""
    nce_temperature: Rate = 0.07
    """What similarities of patches are divided by; lower tells patches apart more strictly."""
    nce_patches: Annotated[int, Field(ge=2, lt=2**31)] = 256
    """Random positions of each feature map that are compared, or all where it has fewer."""
    terms: dict[str, Weight] = {}
    """Weights of further terms that an extension registers, for instance {edges: 2}."""

    def faults(self) -> Iterator[Fault]:
        for name in self.terms:
            yield name not in LOSS_TERMS, f"loss.terms: {LOSS_TERMS.missing(name)}"

    def weight(self, term: WeightedTerm, place: Domain | Direction) -> float:
        """Return a term's weight in a domain or direction: of the specific key if it is set."""
        own: float | None = getattr(self, f"{term}_{place}", None)
        both: float = getattr(self, term)
        return both if own is None else own


class PerceptualConfig(Section):
    """The frozen network whose feature maps loss.perceptual, perceptual_cycle and style compare."""

    backbone: str = "vgg19"
    """A torchvision classifier: vgg19, vgg16, mobilenet_v2 or another, then with layers named."""
    weights: Path | None = None
    """File with its weights, .pth or .safetensors; else torchvision's cache or download."""
    content_layers: list[str] = []
    """Layers compared as content, for instance [conv4_2]; empty for the backbone's usual ones."""
    style_layers: list[str] = []
    """Layers compared as style, for instance [conv1_1, conv2_1]; empty for the usual ones."""
    gram_decay: Fraction = 0.99
    """Decay of the running averages of both domains' Gram matrices; 0 compares with the present
    images alone."""


class SemanticConfig(Section):
    """The frozen classifier of loss.semantic."""

    classifier: Path | None = None
    """File with a classifier of A's images, or of both domains', ours (.safetensors) or
    TorchScript; else one is trained on A's class folders (trainA/CLASS/...) before the first step,
    and left in run.dir."""
    steps: Count = 1000
    """Updates, of 64 images each, of the classifier that is trained."""


class StyleConfig(Section):
    """The recipe for one style: photographs and a painting, in place of two folders."""

    image: Path | None = None
    """The painting; where it is set, one generator learns its style (Johnson et al. 2016)."""
    size: Annotated[int, Field(ge=16)] | None = 256
    """Shorter side in pixels to which the painting is scaled; null: as it is."""
