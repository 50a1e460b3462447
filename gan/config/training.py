"""The sections of the training itself: optimizers, length, evaluation, and the run's folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gan.config.choices import Device, Precision, Schedule
from gan.config.sections import Batch, Count, CountOrZero, Fault, Fraction, Rate, Resamples, Section
from gan.config.table import NameIn
from gan.config.tables.findings import FAULTS
from gan.config.tables.metrics import full_names
from gan.config.tables.observers import observer_name
from gan.config.tables.recipes import recipe_name
from gan.system.text import nearest


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
    """The length of a training, batches, precision, and what is saved."""

    recipe: Annotated[str, AfterValidator(recipe_name)] | None = None
    """What is trained: cyclegan, single_style, arbitrary_style, contrastive, or a recipe that an
    extension registers; where it is not set, style.image and networks.generator decide."""
    epochs: Count = 100
    """Passes over the larger folder at the constant learning rate."""
    decay_epochs: CountOrZero = 100
    """Further passes while the learning rate falls."""
    schedule: Schedule = "linear"
    """How the learning rate falls during train.decay_epochs."""
    max_steps: Count | None = None
    """Stop after this step and save the training state; a later run with a higher value resumes."""
    batch_size: Batch = 1
    """Images of each domain per process and forward pass."""
    accumulate: Batch = 1
    """Batches whose gradients are averaged into one step."""
    pool_size: CountOrZero = 50
    """Past translations that each discriminator is shown; 0 shows the present ones only."""
    ema: Fraction = 0
    """Decay of the averaged generators, for instance 0.999; 0 turns averaging off."""
    precision: Precision = "fp32"
    """Arithmetic of the networks; losses and weights stay in float32. tf32: float32 whose factors
    an NVIDIA GPU rounds to 10 bits, several times as fast; elsewhere it is fp32."""
    channels_last: bool = False
    """Keep weights and feature maps channel by channel within each pixel. On GPUs instance norms
    and padding change them back, so it may cost more than it saves. The numbers are the same, but
    for rounding."""
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
    """What follows train.nonfinite_limit steps in a row without finite gradients, all skipped:
    rollback goes back to the newest training state at half the learning rate."""
    nonfinite_limit: Count = 10
    """Steps in a row that may be skipped because their gradients are not finite; counted at the
    steps that are logged (train.log_every)."""
    doctor_every: CountOrZero = 100
    """Steps between two looks of the training doctor (docs/running.md); 0 for none."""
    doctor_ignore: list[Annotated[str, NameIn(FAULTS)]] = Field(default=[])
    """Findings of the doctor that are not faults here, for instance [inverted] between a negative
    and its print."""
    observers: list[Annotated[str, AfterValidator(observer_name)]] = Field(default=[])
    """Observers that an extension registers, to accompany the run."""
    keep_every: Count | None = None
    """Epochs between generators that are kept for good."""


class EvaluateConfig(Section):
    """Evaluations on the test folders during training."""

    every: Count | None = None
    """Steps between two evaluations, written to metrics.jsonl; none where it is not set."""
    features: str | None = None
    """Network whose features FID, KID, Gram and structure compare: inception, or any of
    torchvision's, for instance mobilenet_v2; not set, inception where it is installed."""
    weights: Path | None = None
    """File with its weights; not set, the one in torch's cache."""
    lpips_alex: Path | None = None
    """File with the convolutions of torchvision's AlexNet, for LPIPS; not set, the one in torch's
    cache."""
    lpips_vgg: Path | None = None
    """The same of VGG-16, for LPIPS on it."""
    max_images: Count | None = None
    """Measure only the first so many images of each test folder, in sorted order."""
    batch_size: Batch = 8
    """Images at once."""
    resamples: Resamples = 200
    """For the intervals; 0 for none."""
    best: str | None = None
    """Metric, for instance kid_ab, by which the best generators are kept as gen_ab-best.safetensors
    and gen_ba-best.safetensors."""
    patience: Annotated[int, Field(ge=1)] | None = None
    """End the run when so many evaluations in a row have not been better than the best before them
    beyond its interval."""

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
    """The run's folder, its seed and its device."""

    dir: Path = Path("checkpoints/run")
    """Run directory; starting again with the same one resumes."""
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """CPU threads of every process; where it is not set, torch decides, and a single process that
    `accelerate launch` started takes all cores."""
    allow_changes: bool = False
    """Resume although keys, folders or the number of processes have changed."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of everything random."""
    device: Device = "auto"
    """Where to compute; auto takes a GPU where there is one."""
    deterministic: bool = False
    """On a GPU: only operations that give the same bits every time, so that a resumed run ends
    bit-equal, as it does on CPUs anyhow; some of them are slower."""
