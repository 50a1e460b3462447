"""The sections of the training itself: optimizers, length, evaluation, and the run's folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gan.config.choices import Device, Precision, Schedule
from gan.config.section import Fault, Section
from gan.config.sections import Batch, Count, CountOrZero, Fraction, Rate, Resamples
from gan.config.table import NameIn
from gan.config.tables.findings import FAULTS
from gan.config.tables.metrics import full_names
from gan.config.tables.observers import observer_name
from gan.config.tables.recipes import recipe_name
from gan.config.tables.trackers import TRACKERS
from gan.system.text import nearest


class OptimConfig(Section):
    """The Adam optimizers: one for both generators, one for both discriminators."""

    lr: Rate = 2e-4
    """Learning rate."""
    discriminator_lr: Rate | None = None
    """Learning rate of the discriminators. If not set, optim.lr."""
    beta1: Fraction = 0.5
    """Decay of Adam's first moment."""
    beta2: Fraction = 0.999
    """Decay of Adam's second moment."""
    grad_clip: Rate | None = None
    """Largest norm of the generators' gradients, and of the discriminators'. Larger ones are scaled
    down to it."""


class TrainConfig(Section):
    """The length of a training, its batches, its precision, and how often it saves and logs."""

    recipe: Annotated[str, AfterValidator(recipe_name)] | None = None
    """What is trained: cyclegan, single_style, arbitrary_style, many_styles, contrastive,
    distill, decoder, or a recipe that an extension registers. If not set, it follows from
    style.image and networks.generator."""
    epochs: Count = 100
    """Epochs at the constant learning rate; train.decay_epochs more follow. An epoch is one pass
    over the larger folder."""
    decay_epochs: CountOrZero = 100
    """Epochs after train.epochs, in which the learning rate falls to 0."""
    schedule: Schedule = "linear"
    """How the learning rate falls during train.decay_epochs."""
    max_steps: Count | None = None
    """Stop after this step and save the training state. Run again with a higher value to train
    further."""
    batch_size: Batch = 1
    """Images of each domain in a batch of each process."""
    accumulate: Batch = 1
    """Batches whose gradients are averaged into one step."""
    pool_size: CountOrZero = 50
    """Number of past translations kept for training each discriminator. 0 uses only present
    ones."""
    ema: Fraction = 0
    """Decay of the averaged generators, for instance 0.999. 0 turns averaging off."""
    precision: Precision = "fp32"
    """Arithmetic of the networks. Losses and weights stay in float32. With tf32 NVIDIA
    GPUs round the factors of float32 products to 10 mantissa bits, which is several times as fast;
    other devices compute in fp32."""
    channels_last: bool = False
    """Store the channels of each pixel side by side, in weights and in feature maps. CPUs always
    do. On GPUs, instance norms and padding undo it, so it may cost more than it saves. Results do
    not change, up to rounding."""
    batch_passes: bool = True
    """Run a generator on images of both domains in one pass, and a discriminator on real images and
    translations in one pass. Not with networks.norm batch. Results do not change, up to
    rounding."""
    compile: bool = False
    """Compile the networks with torch.compile. This takes minutes at the start and may make
    steps faster, but often not on CPUs, especially in bf16. --plan measures steps with and
    without it. Results do not change, up to rounding."""
    recompute: bool = False
    """Compute activations within residual blocks again in the backward pass instead of storing
    them. This takes about half the memory and more time. Results do not change."""
    fused: bool = False
    """On NVIDIA GPUs, compute each instance norm of a ResNet generator, with the ReLU, sum and
    padding after it, in one Triton kernel. Off by default: not yet timed on a GPU. Other devices
    are slower with it. Results do not change, up to rounding."""
    log_every: Count = 50
    """Steps between two entries of losses and other numbers in TensorBoard."""
    sample_every: Count = 1000
    """Steps between two grids of the fixed test images."""
    checkpoint_every: Count = 1000
    """Steps between two saves of the training state and of the generators."""
    keep_states: Count = 2
    """Number of training states to keep, the newest ones."""
    nonfinite: Literal["rollback", "stop"] = "rollback"
    """Action after train.nonfinite_limit steps in a row were skipped because of non-finite
    gradients. rollback: continue from the newest training state at half the learning rate. stop:
    end the run."""
    nonfinite_limit: Count = 10
    """Largest number of steps in a row that may be skipped because of non-finite gradients. They
    are counted when steps are logged (train.log_every)."""
    doctor_every: CountOrZero = 100
    """Steps between two checks by the training doctor (docs/running.md). 0 turns it off."""
    doctor_ignore: list[Annotated[str, NameIn(FAULTS)]] = Field(default=[])
    """Findings of the doctor that are not faults in this run, for instance [inverted] if A
    holds negatives and B prints."""
    observers: list[Annotated[str, AfterValidator(observer_name)]] = Field(default=[])
    """Names of further observers of the run, which extensions register."""
    keep_every: Count | None = None
    """Epochs between two permanent copies of the generators."""


class EvaluateConfig(Section):
    """Measurements of the test folders' translations during the training."""

    every: Count | None = None
    """Steps between two evaluations, which are written to metrics.jsonl. If not set, there are
    none."""
    features: str | None = None
    """Network whose features FID, KID, Gram and structure compare: inception, or one of
    torchvision's, for instance mobilenet_v2. If not set, inception where it is installed."""
    weights: Path | None = None
    """File with the weights of the network in evaluate.features. If not set, the one in
    torch's cache."""
    lpips_alex: Path | None = None
    """File with the convolutions of torchvision's AlexNet, for LPIPS. If not set, the one in
    torch's cache."""
    lpips_vgg: Path | None = None
    """File with the convolutions of torchvision's VGG-16, for LPIPS with VGG-16. If not set, the
    one in torch's cache."""
    max_images: Count | None = None
    """Measure at most this many images of each test folder, the first ones in sorted order."""
    batch_size: Batch = 8
    """Images that are measured at once."""
    resamples: Resamples = 200
    """Number of resamples for the intervals of the metrics. 0 computes no intervals."""
    best: str | None = None
    """Metric, for instance kid_ab, that chooses the best generators. They are kept as
    gen_ab-best.safetensors and gen_ba-best.safetensors."""
    patience: Annotated[int, Field(ge=1)] | None = None
    """End the run after this many evaluations in a row without clear progress: evaluate.best is not
    better than the best one before them by more than chance explains."""

    def faults(self) -> Iterator[Fault]:
        for key in ("best", "weights", "features", "lpips_alex", "lpips_vgg", "patience"):
            yield (
                getattr(self, key) is not None and self.every is None,
                f"evaluate.{key} needs evaluate.every: set it",
            )
        if self.best is not None:
            hint = nearest(self.best, full_names())
            yield self.best not in full_names(), f"evaluate.best: no metric {self.best}{hint}"
        if self.patience is not None:
            yield (
                self.best is None,
                "evaluate.patience needs evaluate.best: set a metric, e.g. l1_ab",
            )
            yield (
                self.resamples == 0,
                "evaluate.patience compares intervals: evaluate.resamples must be above 0",
            )


class RunConfig(Section):
    """The folder, seed, device and trackers of a run."""

    dir: Path = Path("checkpoints/run")
    """Run directory. Start again with the same one to resume."""
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """CPU threads of each process. If not set, torch decides, and a single process that `accelerate
    launch` started uses all cores."""
    allow_changes: bool = False
    """Resume even if keys, folders or the number of processes have changed."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of all random numbers."""
    device: Device = "auto"
    """Where to compute. auto uses a GPU if there is one."""
    trackers: list[Annotated[str, NameIn(TRACKERS)]] = Field(default=["tensorboard"])
    """Where losses, samples and evaluations are logged, for instance [tensorboard, wandb]
    (docs/tracking.md). gan report reads what tensorboard writes."""
    project: Annotated[str, Field(min_length=1)] = "gan"
    """Project (wandb, trackio) or experiment (mlflow) in which trackers list the run."""
    deterministic: bool = False
    """On a GPU, use only deterministic operations, so that resuming a run does not change its
    results. Some of them are slower. CPUs are always deterministic."""
