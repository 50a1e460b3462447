"""The sections of the configuration: their keys, defaults and ranges.

The sections of the training itself are in training.py. Every section is a pydantic model. The text
under a field is its help on the command line. Errors name the dotted key.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict

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
from gan.config.section import Fault, Section
from gan.config.table import NameIn
from gan.config.tables.adversarial import ADVERSARIAL
from gan.config.tables.datasets import DATASETS
from gan.config.tables.degradations import DEGRADATIONS, degrade_faults
from gan.config.tables.discriminators import DISCRIMINATORS
from gan.config.tables.generators import GENERATORS
from gan.config.tables.losses import LOSS_TERMS
from gan.domains import Direction, Domain
from gan.system.remote import given_place

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1, lt=2**31)]
CountOrZero = Annotated[int, Field(ge=0, lt=2**31)]
Batch = Annotated[int, Field(ge=1, le=65536)]
Width = Annotated[int, Field(ge=1, le=4096)]
"""Channels of a network's first convolution; the limit is far above what memory can hold."""
Side = Annotated[int, Field(ge=16, le=16384)]
"""Side of an image in pixels."""
Number = Annotated[float, Strict()]
Ends = tuple[Number, Number]
"""(low, high) of a range. Number is strict, so that true is not read as 1."""
Place = Annotated[Path, BeforeValidator(given_place)]
"""A path, or the URL of a file or folder."""
Resamples = Annotated[int, Field(ge=0, le=10_000)]
"""Resamples for intervals. The limit bounds the memory: each holds one number per image."""


class DataConfig(Section):
    """The folders of images, and how training crops are made of them."""

    root: Place | None = None
    """Folder that holds trainA and trainB. If it also has testA and testB, the sample grids show
    them. It may be a URL (s3://bucket/name), with the extra remote."""
    a: Place | None = None
    """Folder of domain A, or its URL, in place of data.root."""
    b: Place | None = None
    """Folder of domain B, or its URL, in place of data.root."""
    dataset: Annotated[str, NameIn(DATASETS)] = "unpaired"
    """Where the images come from. unpaired reads these folders; extensions can register other
    datasets."""
    resize: Literal["square", "short", "none"] = "square"
    """How images are resized first. square: to load_size x load_size. short: the shorter side to
    load_size. none: not at all."""
    load_size: Side = 286
    """Size in pixels that images are scaled to before cropping (see data.resize)."""
    crop_size: Side = 256
    """Side in pixels of the random square crop that the networks are trained on."""
    flip: bool = True
    """Mirror half of the images, chosen at random."""
    augment: list[dict[str, Any]] = Field(default=[])
    """Further augmentations from albumentations, each as {NAME: ARGUMENTS}, for instance
    [{ColorJitter: {p: 0.5}}]."""
    degrade: dict[Annotated[str, NameIn(DEGRADATIONS)], Ends] = Field(default={})
    """Degradations of the images that generators receive in training, each with a range of
    strengths, for instance {noise: [0, 25], jpeg: [30, 95]}. Losses use the original images."""
    channels_a: Channels = 3
    """Color channels of domain A: 3 for color, 1 for gray."""
    channels_b: Channels = 3
    """Color channels of domain B: 3 for color, 1 for gray."""
    range_a: Ends | None = None
    """The numbers of black and white in domain A's files, for instance [0, 4095] for 12 bits or
    [-1024, 3071]. Crops then have 16 bits per channel. The generators' files keep the range."""
    range_b: Ends | None = None
    """The same for domain B: the range of its files and of translations into it."""
    max_images: Count | None = None
    """Use at most this many images of each folder, the first ones in sorted order."""
    max_unreadable: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Largest share of a folder's files that may be unreadable. With more, the run stops."""
    max_decoded_mb: Rate = MAX_DECODED_MB
    """Megabytes of memory that a process and all its loader workers may use to read images. An
    image that would need more counts as unreadable."""
    draft: bool = False
    """Decode large JPEGs at a reduced scale. This is faster and changes pixels by a few gray
    levels."""
    cache: Path | None = None
    """Folder that caches resized images, so that each is decoded once. Several runs may share it.
    Results do not change."""
    cache_gb: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 20
    """Largest size of data.cache in gigabytes. Images that do not fit are decoded every time."""
    workers: Annotated[int, Field(ge=0, le=1024)] = 4
    """Loader processes of each training process. 0 loads images in the training process itself."""

    def faults(self) -> Iterator[Fault]:
        yield (
            self.root is not None and self.a is not None,
            "data.root and data.a + data.b exclude each other: set one of them",
        )
        yield (
            str(self.root).startswith("hf:") and "?" in str(self.root),
            "data.root: columns are chosen by data.a and data.b: set these",
        )
        yield (
            self.resize != "none" and self.crop_size > self.load_size,
            f"data.crop_size ({self.crop_size}) is larger than data.load_size ({self.load_size}): "
            "set data.load_size higher, or data.crop_size lower",
        )
        for key in ("range_a", "range_b"):
            if (values := getattr(self, key)) is not None:
                yield (
                    not is_range(*values),
                    f"data.{key}: must be two different numbers, lower first, not {list(values)}",
                )

        yield from degrade_faults(self.degrade)

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
    """Architecture of both generators. resnet_6blocks_half, resnet_9blocks_half: ResNets with one
    downsampling instead of two, for fine lines in crops of 64 pixels. mobile: a ResNet for small
    devices, with a tenth of the multiply-adds. adain: one generator that also takes a style image.
    conditional_6blocks, conditional_9blocks: one generator with several styles, for train.recipe
    many_styles. vgg_3levels, vgg_4levels: a frozen VGG-16 up to relu3_1 or relu4_1, and a decoder,
    for train.recipe decoder."""
    generator_channels: Width = 64
    """Channels after the first convolution of a generator."""
    discriminator: Annotated[str, NameIn(DISCRIMINATORS)] = "basic"
    """Architecture of both discriminators. basic: 70x70 PatchGAN. n_layers: PatchGAN with
    discriminator_layers. pixel: 1x1 convolutions. projected: n_layers, and heads on the
    feature maps of a frozen network (Sauer et al.)."""
    discriminator_channels: Width = 64
    """Channels after the first convolution of a discriminator."""
    discriminator_layers: Annotated[int, Field(ge=1, le=6)] = 3
    """Strided convolutions of the discriminators n_layers and projected."""
    discriminator_backbone: str = "mobilenet_v2"
    """Frozen torchvision classifier whose feature maps the projected discriminator scores."""
    discriminator_weights: Path | None = None
    """File with the weights of networks.discriminator_backbone, .pth or .safetensors. If not set,
    they come from torchvision's cache or are downloaded."""
    norm: Norm = "instance"
    """Normalization in all networks. instance_affine also learns a scale and a shift. The generator
    adain uses its own instead."""
    upsample: Upsample = "deconv"
    """How generators upsample. deconv: transposed convolutions. resize: nearest neighbor, then a
    convolution, which leaves no checkerboard. blur: a filter, then a convolution, as in CUT."""
    downsample: Downsample = "stride"
    """How generators downsample. stride: convolutions that skip pixels. blur: a convolution, then a
    filter, as in CUT."""
    dropout: bool = False
    """Use dropout of 0.5 in the generators."""
    init_gain: Rate = 0.02
    """Standard deviation of the initial weights."""
    weights: Path | None = None
    """Folder of a run (of this program or of the reference implementation) with weights to start
    from. Networks without weights in it start from random ones."""
    weights_ab: Path | None = None
    """File with the A to B generator's initial weights, of any kind that gan convert opens."""
    weights_ba: Path | None = None
    """File with the B to A generator's initial weights."""

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
    """Weight of the regularizer of an adversarial form: the gradient penalty of wgan_gp."""
    cycle: Weight = 10
    """Weight of the cycle-consistency loss."""
    cycle_a: Weight | None = None
    """Weight of the cycle A -> B -> A. If not set, loss.cycle."""
    cycle_b: Weight | None = None
    """Weight of the cycle B -> A -> B. If not set, loss.cycle."""
    identity: Weight = 5
    """Weight of the identity loss, which preserves colors. 0 turns it off."""
    identity_a: Weight | None = None
    """Weight of the identity loss in A. If not set, loss.identity."""
    identity_b: Weight | None = None
    """Weight of the identity loss in B. If not set, loss.identity."""
    perceptual: Weight = 0
    """Weight of the distance between feature maps of translations and of their sources. With
    train.recipe distill: of the teacher's translations. With decoder, the distance is relative."""
    perceptual_cycle: Weight = 0
    """Weight of the distance between reconstructions and their originals in feature maps."""
    style: Weight = 0
    """Weight of the difference in Gram matrices of feature maps between translations and their new
    domain, or style.image."""
    tv: Weight = 0
    """Weight of the total variation of translations. Larger is smoother."""
    steadiness: Weight = 0
    """Weight of the difference between the translation of a moved image and the moved
    translation. It keeps textures attached to objects in clips."""
    semantic: Weight = 0
    """Weight of the semantic loss: translations should keep the class that a frozen classifier
    assigns to their originals."""
    semantic_ab: Weight | None = None
    """Weight of the semantic loss of A to B. If not set, loss.semantic."""
    semantic_ba: Weight | None = None
    """Weight of the semantic loss of B to A. If not set, loss.semantic. Its targets are the classes
    that the classifier assigns to B's images. A classifier that the run trains has seen only A."""
    nce: Weight = 0
    """Weight of the contrastive loss of train.recipe contrastive: 1 in CUT, 10 in FastCUT."""
    nce_identity: bool = True
    """Use half of the contrastive loss to compare images of B with the generator's outputs for
    them, as in CUT. FastCUT uses false."""
    nce_temperature: Rate = 0.07
    """Divisor of the similarities of patches. A lower value distinguishes patches more strictly."""
    nce_patches: Annotated[int, Field(ge=2, lt=2**31)] = 256
    """Number of random positions to compare in each feature map; all if the map has fewer."""
    pixel: Weight = 0
    """Weight of the mean absolute difference from the teacher's translations, with train.recipe
    distill. With decoder: of the mean squared difference from the photographs."""
    terms: dict[str, Weight] = Field(default={})
    """Weights of further terms that an extension registers, for instance {edges: 2}."""

    def faults(self) -> Iterator[Fault]:
        for name in self.terms:
            yield name not in LOSS_TERMS, f"loss.terms: {LOSS_TERMS.missing(name)}"

    def weight(self, term: WeightedTerm, place: Domain | Direction) -> float:
        """Return a term's weight in a domain or direction: loss.cycle_a if set, else loss.cycle."""
        own: float | None = getattr(self, f"{term}_{place}", None)
        both: float = getattr(self, term)
        return both if own is None else own


class PerceptualConfig(Section):
    """The frozen network whose feature maps perceptual and style losses compare."""

    backbone: str = "vgg19"
    """A torchvision classifier: vgg19, vgg16, mobilenet_v2, or another one if the layers are
    named."""
    weights: Path | None = None
    """File with the weights of perceptual.backbone, .pth or .safetensors. If not set, they come
    from torchvision's cache or are downloaded."""
    content_layers: list[str] = Field(default=[])
    """Layers that are compared as content, for instance [conv4_2]. If empty, the backbone's usual
    ones."""
    style_layers: list[str] = Field(default=[])
    """Layers that are compared as style, for instance [conv1_1, conv2_1]. If empty, the usual
    ones."""
    gram_decay: Fraction = 0.99
    """Decay of the running averages of both domains' Gram matrices. 0 compares with the present
    images alone."""
