"""The sections of the configuration: their keys, defaults and ranges.

Every section is a pydantic model. The text under a field is its help on the command line. Errors
name the dotted key.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gan.config.choices import Channels, Device, Schedule, TrainPrecision, WeightedTerm
from gan.config.table import NameIn
from gan.config.tables.adversarial import ADVERSARIAL
from gan.config.tables.datasets import DATASETS
from gan.config.tables.findings import FAULTS
from gan.config.tables.losses import LOSS_TERMS
from gan.config.tables.observers import observer_name
from gan.config.tables.recipes import recipe_name
from gan.domains import Direction, Domain

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
CountOrZero = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """What all sections share: immutable, no unknown keys, field documentation as help."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class DataConfig(Section):
    """Where the images lie and how they become training crops."""

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
    load_size: Count = 286
    """Pixels after the resize."""
    crop_size: Annotated[int, Field(ge=16)] = 256
    """Side of the random square crop that the networks see, in pixels."""
    flip: bool = True
    """Mirror half of the images."""
    augment: list[dict[str, Any]] = []
    """More albumentations, each as {name: arguments}, for instance [{ColorJitter: {p: 0.5}}]."""
    channels_a: Channels = 3
    """Colour channels of domain A: 3, or 1 for grey."""
    channels_b: Channels = 3
    """Colour channels of domain B: 3, or 1 for grey."""
    max_images: Count | None = None
    """Use only the first so many images of each folder, in sorted order."""
    max_unreadable: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Largest share of a folder's files that may be unreadable; above it the run stops."""
    draft: bool = False
    """Decode large JPEGs at a reduced scale: faster, moves pixels by a few grey levels."""
    cache: Path | None = None
    """Folder that keeps images as they are after the resize, so that each is decoded once; it may
    serve several runs. The numbers are the same."""
    cache_gb: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 20
    """Largest size of data.cache, in gigabytes; images beyond it are decoded every time."""
    workers: CountOrZero = 4
    """Loader processes on every training process; 0 loads in the training process itself."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if self.root is not None and self.a is not None:
            raise ValueError("data.root and data.a + data.b exclude each other: give one of them")
        if self.resize != "none" and self.crop_size > self.load_size:
            raise ValueError(
                f"data.crop_size ({self.crop_size}) is larger than "
                f"data.load_size ({self.load_size})"
            )
        return self

    def train_folder(self, domain: Domain) -> Path:
        """Folder of a domain's training images; ValueError where no key names one."""
        folder = self.a if domain == "a" else self.b
        if folder is not None:
            return folder
        if self.root is None:
            raise ValueError(
                "data.root is not set: name the folder that holds trainA and trainB "
                "(or give data.a and data.b)"
            )
        return self.root / f"train{domain.upper()}"

    def test_folder(self, domain: Domain) -> Path | None:
        """Folder of a domain's test images, where there is one."""
        folder = None if self.root is None else self.root / f"test{domain.upper()}"
        return folder if folder is not None and folder.is_dir() else None

    def channels(self, domain: Domain) -> Channels:
        """Colour channels of a domain."""
        return self.channels_a if domain == "a" else self.channels_b


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
    terms: dict[str, Weight] = {}
    """Weights of further terms that an extension registers, for instance {edges: 2}."""

    @model_validator(mode="after")
    def check(self) -> Self:
        for name in self.terms:
            try:
                LOSS_TERMS.check(name)
            except ValueError as error:
                raise ValueError(f"loss.terms: {error}") from None
        return self

    def weight(self, term: WeightedTerm, place: Domain | Direction) -> float:
        """Return a term's weight in a domain or direction: its own key's where given."""
        own: float | None = getattr(self, f"{term}_{place}", None)
        both: float = getattr(self, term)
        return both if own is None else own


class PerceptualConfig(Section):
    """The frozen network in whose feature maps loss.perceptual, perceptual_cycle and style see."""

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
    """The frozen classifier whose verdicts loss.semantic keeps through translation."""

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


class OptimConfig(Section):
    """Adam, one for both generators and one for both discriminators."""

    lr: Rate = 2e-4
    """Learning rate."""
    discriminator_lr: Rate | None = None
    """Learning rate of the discriminators, where it differs from optim.lr."""
    beta1: Fraction = 0.5
    """Decay of Adam's first moment."""
    beta2: Fraction = 0.999
    """Decay of Adam's second moment."""
    grad_clip: Rate | None = None
    """Largest norm of the gradients, for the generators and for the discriminators."""


class TrainConfig(Section):
    """How long, how much at once, how precisely, and what is kept."""

    recipe: Annotated[str, AfterValidator(recipe_name)] | None = None
    """What is trained: cyclegan, single_style, arbitrary_style, or a recipe that an extension
    registers; where it is not set, style.image and networks.generator decide."""
    epochs: Count = 100
    """Passes over the larger folder at the constant learning rate."""
    decay_epochs: CountOrZero = 100
    """Further passes while the learning rate falls."""
    schedule: Schedule = "linear"
    """How the learning rate falls during train.decay_epochs."""
    max_steps: Count | None = None
    """Stop after this step, training state saved; a later run with a higher value goes on."""
    batch_size: Count = 1
    """Images of each domain per process and forward pass."""
    accumulate: Count = 1
    """Batches whose gradients are averaged into one step."""
    pool_size: CountOrZero = 50
    """Past translations that each discriminator is shown; 0 shows the present ones only."""
    ema: Fraction = 0
    """Decay of the averaged generators, for instance 0.999; 0 turns averaging off."""
    precision: TrainPrecision = "fp32"
    """Arithmetic of the networks; losses and weights stay in float32. tf32: float32 whose products
    an NVIDIA GPU rounds to 10 bits."""
    channels_last: bool = False
    """Keep weights and feature maps channel by channel within each pixel: faster on many GPUs in
    half precision. The numbers are the same, but for rounding."""
    batch_passes: bool = True
    """Run a generator on an image and on its target, and a discriminator on real images and on
    translations, in one pass; not with networks.norm batch. The numbers are the same, but for
    rounding."""
    compile: bool = False
    """Compile the networks (torch.compile): minutes at the beginning for faster steps. The numbers
    are the same, but for rounding."""
    recompute: bool = False
    """Compute what lies within residual blocks again in the backward pass in place of keeping it:
    about half the memory for more time, the same numbers."""
    log_every: Count = 50
    """Steps between two lines of scalars in TensorBoard."""
    sample_every: Count = 1000
    """Steps between two grids of the fixed test images."""
    checkpoint_every: Count = 1000
    """Steps between two saves of the training state and of the generators."""
    keep_states: Count = 2
    """Training states that are kept, the newest ones."""
    nonfinite: Literal["rollback", "stop"] = "rollback"
    """What follows train.nonfinite_limit steps in a row without finite gradients, all left out:
    rollback goes back to the newest training state at half the learning rate."""
    nonfinite_limit: Count = 10
    """Steps in a row that may be left out because their gradients are not finite."""
    doctor_every: CountOrZero = 100
    """Steps between two looks of the training doctor (docs/running.md); 0 for none."""
    doctor_ignore: list[Annotated[str, NameIn(FAULTS)]] = []
    """Findings of the doctor that are no fault here, for instance [inverted] between a negative and
    its print."""
    observers: list[Annotated[str, AfterValidator(observer_name)]] = []
    """Observers that an extension registers, to accompany the run."""
    keep_every: Count | None = None
    """Epochs between generators that are kept for good."""


class RunConfig(Section):
    """Where the run is written, its seed and its device."""

    dir: Path = Path("checkpoints/run")
    """Run directory; starting again with the same one resumes."""
    threads: Count | None = None
    """CPU threads of every process; where it is not set, torch decides, and a single process that
    `accelerate launch` started takes all cores."""
    allow_changes: bool = False
    """Resume although keys, folders or the number of processes have changed."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of everything random."""
    device: Device = "auto"
    """Where to compute; auto takes a GPU where there is one."""
